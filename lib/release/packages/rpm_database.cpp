#include <sqlite3.h>

#include <memory>

#include "base/size.hpp"
#include "release/packages/package_readers.hpp"

namespace rpixen {
namespace {

using Database = std::unique_ptr<sqlite3, decltype(&sqlite3_close)>;
using Statement = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;

constexpr int largest_header = 32 * 1024 * 1024;  // bytes; a kernel's, with all its files, takes 1 MiB
constexpr int steps_between_looks = 1000;
constexpr std::uint64_t most_looks = 20'000;  // a database of 100,000 packages takes 1,000

/// What stands at bytes 18 and 19 of a database (sqlite.org/fileformat.html, 1.3.3): 2 is "with a write-ahead log",
/// which one in memory cannot have; the pages are the same.
void leave_write_ahead_log(Bytes& database) {
    constexpr std::size_t write_version = 18;
    constexpr std::size_t read_version = 19;
    if (database.size() <= read_version) return;
    for (const std::size_t at : {write_version, read_version})
        if (database[at] == std::byte{2}) database[at] = std::byte{1};
}

/// A connection to the bytes, which stay where they are, that runs nothing of what a hostile schema may hold.
Database open(Bytes& database) {
    sqlite3* raw = nullptr;
    constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    const int opened = sqlite3_open_v2(":memory:", &raw, flags, nullptr);
    Database connection(raw, &sqlite3_close);
    if (opened != SQLITE_OK) throw std::bad_alloc();
    sqlite3_limit(raw, SQLITE_LIMIT_LENGTH, largest_header);
    sqlite3_limit(raw, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
    sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    leave_write_ahead_log(database);
    const auto size = static_cast<sqlite3_int64>(database.size());
    sqlite3_deserialize(raw, "main", reinterpret_cast<unsigned char*>(database.data()), size, size,
                        SQLITE_DESERIALIZE_READONLY);
    return connection;
}

int count_look(void* looks) {
    return ++*static_cast<std::uint64_t*>(looks) > most_looks ? 1 : 0;
}

}  // namespace

void read_rpm_database(Bytes database, PackageCollector& found) {
    const Database connection = open(database);
    std::uint64_t looks = 0;
    sqlite3_progress_handler(connection.get(), steps_between_looks, count_look, &looks);
    sqlite3_stmt* raw = nullptr;
    // rpm's lib/backend/sqlite.cc: CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)
    const int prepared = sqlite3_prepare_v2(connection.get(), "SELECT blob FROM Packages", -1, &raw, nullptr);
    const Statement query(raw, &sqlite3_finalize);
    if (prepared != SQLITE_OK) {
        found.note(std::string("it is no database of rpm, or a damaged one (") + sqlite3_errmsg(connection.get()) +
                   "); not read");
        return;
    }
    // No two headers lie in the same pages, so all of them are no larger than the file.
    std::uint64_t left = database.size();
    int step = SQLITE_DONE;
    while ((step = sqlite3_step(raw)) == SQLITE_ROW) {
        const auto* bytes = static_cast<const std::byte*>(sqlite3_column_blob(raw, 0));
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(raw, 0));
        if (size > left) {
            found.note("its headers overlap; the rest of it is not read");
            return;
        }
        left -= size;
        read_rpm_header({bytes, size}, found);
    }
    if (step != SQLITE_DONE)
        found.note(std::string("it is damaged (") + sqlite3_errmsg(connection.get()) + "); the rest of it is not read");
}

}  // namespace rpixen
