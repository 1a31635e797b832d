# find_package(): its components, and that a failure is an answer and not the end of the caller's configure step.
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")
function(configure name text)
  file(WRITE "${SCRATCH}/${name}/CMakeLists.txt" "cmake_minimum_required(VERSION 3.25)\nproject(${name} LANGUAGES C CXX)\n${text}\n")
  run("${CMAKE_COMMAND}" -S "${SCRATCH}/${name}" -B "${SCRATCH}/${name}/build" -G "${GENERATOR}" "-DCMAKE_PREFIX_PATH=${SCRATCH}/moved"
    "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_C_COMPILER=${C_COMPILER}")
endfunction()

configure(shared [[
find_package(rpixen 0.1 REQUIRED)
foreach(foreign ZLIB OpenSSL LIBARCHIVE nlohmann_json)
  if(${foreign}_FOUND)
    message(FATAL_ERROR "the shared library asks for ${foreign}")
  endif()
endforeach()
get_target_property(type rpixen::rpixen TYPE)
if(NOT type STREQUAL "SHARED_LIBRARY" OR TARGET rpixen::rpixen-static)
  message(FATAL_ERROR "rpixen::rpixen is a ${type}")
endif()]])

configure(both [[
find_package(rpixen REQUIRED COMPONENTS shared static)
file(WRITE main.cpp "#include <rpixen/compose.hpp>\n#include <cstdio>\nint main() { std::puts(rpixen::version()); }\n")
foreach(kind rpixen rpixen-static)
  add_executable(with-${kind} main.cpp)
  target_link_libraries(with-${kind} PRIVATE rpixen::${kind})
endforeach()]])
run("${CMAKE_COMMAND}" --build "${SCRATCH}/both/build")
foreach(kind rpixen rpixen-static)
  run("${SCRATCH}/both/build/with-${kind}")
endforeach()

configure(absent [[
find_package(rpixen QUIET COMPONENTS nonsense)
if(rpixen_FOUND OR NOT rpixen_NOT_FOUND_MESSAGE MATCHES "nonsense")
  message(FATAL_ERROR "a component that does not exist was found")
endif()
# As on a machine without the development packages that the static library needs.
set(ENV{PKG_CONFIG_LIBDIR} "/nowhere")
set(ENV{PKG_CONFIG_PATH} "")
find_package(rpixen QUIET COMPONENTS static)
if(rpixen_FOUND)
  message(FATAL_ERROR "the static library was found without what it needs")
endif()]])

# As a part of another project: a library and nothing else, of which nothing is installed (nothing is built here, so a file to install
# would not be there).
file(WRITE "${SCRATCH}/part/CMakeLists.txt" "cmake_minimum_required(VERSION 3.25)\nproject(part LANGUAGES CXX)\nadd_subdirectory(\"${SOURCE}\" rpixen-img)\n\
if(NOT TARGET rpixen::rpixen OR TARGET rpixen-img OR TARGET test_base)\n  message(FATAL_ERROR \"a subproject is more than the library\")\nendif()\n")
run("${CMAKE_COMMAND}" -S "${SCRATCH}/part" -B "${SCRATCH}/part/build" -G "${GENERATOR}" "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_C_COMPILER=${C_COMPILER}")
run("${CMAKE_COMMAND}" --install "${SCRATCH}/part/build" --prefix "${SCRATCH}/part/prefix")
if(EXISTS "${SCRATCH}/part/prefix")
  message(FATAL_ERROR "a subproject installs something")
endif()
