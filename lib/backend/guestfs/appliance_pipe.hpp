#pragma once

#include <functional>
#include <string>

namespace rpixen::guestfs {

/// Lets libguestfs read what `produce` writes to a pipe, with both running at once. `consume` gets a path
/// that opens the pipe's reading end; `produce` gets the descriptor of its writing end, on a thread of its
/// own. Where both fail, the error that came first in cause is thrown: the producer's unless it only lost its
/// reader.
void pipe_into(const std::function<void(int descriptor)>& produce,
               const std::function<void(const std::string& path)>& consume);

/// The other direction: `produce` (libguestfs) writes to a path, `consume` reads the descriptor on a thread
/// of its own.
void pipe_out_of(const std::function<void(const std::string& path)>& produce,
                 const std::function<void(int descriptor)>& consume);

/// Everything that comes out of a pipe. Throws Error{io}.
std::string read_to_end(int descriptor);
/// Passes over it.
void drain(int descriptor);

}  // namespace rpixen::guestfs
