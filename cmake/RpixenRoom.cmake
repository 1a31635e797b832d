# A room is one folder of lib/, compiled as an object library; all rooms together are the library `rpixen`.
#   rpixen_room(NAME SOURCES a.cpp ... [LIBRARIES foreign::targets ...])
# Which rooms a room may include is stated in tests/architecture/rooms.txt and proven by a test.
function(rpixen_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_library(rpixen_${name} OBJECT ${ROOM_SOURCES})
  target_compile_features(rpixen_${name} PUBLIC cxx_std_20)
  set_target_properties(rpixen_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_EXTENSIONS OFF
    CXX_VISIBILITY_PRESET hidden C_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_include_directories(rpixen_${name}
    PUBLIC "${PROJECT_SOURCE_DIR}/lib/include" PRIVATE "${PROJECT_SOURCE_DIR}/lib" "${PROJECT_BINARY_DIR}/generated")
  # 64-bit file offsets everywhere, 32-bit hosts too.
  target_compile_definitions(rpixen_${name} PRIVATE _FILE_OFFSET_BITS=64)
  target_link_libraries(rpixen_${name} PRIVATE ${ROOM_LIBRARIES})
  rpixen_warnings(rpixen_${name})
  set_property(GLOBAL APPEND PROPERTY RPIXEN_ROOMS rpixen_${name})
  set_property(GLOBAL APPEND PROPERTY RPIXEN_ROOM_LIBRARIES ${ROOM_LIBRARIES})
endfunction()

function(rpixen_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor)
  # GCC 12 sees overlapping copies in any concatenation of strings at -O3 (gcc.gnu.org/bugzilla 105651).
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE -Wno-restrict)
  endif()
  if(RPIXEN_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()
