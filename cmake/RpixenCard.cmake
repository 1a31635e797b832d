# rpixen_add_card(NAME MANIFEST [OUTPUT FILE] [ALL] [OPTIONS ...] [DEPENDS ...])
# A target that composes NAME.img (or OUTPUT) from a manifest with rpixen-img. The image is made anew when the manifest or anything
# that compose read for it has changed, a folder's entries too: the dependencies come from `compose --depfile`, and from DEPENDS, which is for
# artifacts that other targets make. OPTIONS go to `rpixen-img compose`. For the generators of Ninja and make.
function(rpixen_add_card name manifest)
  cmake_parse_arguments(PARSE_ARGV 2 card "ALL" "OUTPUT" "OPTIONS;DEPENDS")
  if(card_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "rpixen_add_card: unknown arguments ${card_UNPARSED_ARGUMENTS}")
  endif()
  if(TARGET rpixen-img)
    set(program rpixen-img)
  else()
    find_program(RPIXEN_IMG rpixen-img HINTS "${rpixen_PROGRAM_FOLDER}" REQUIRED)
    set(program "${RPIXEN_IMG}")
  endif()
  cmake_path(ABSOLUTE_PATH manifest BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}")
  if(NOT card_OUTPUT)
    set(card_OUTPUT "${name}.img")
  endif()
  cmake_path(ABSOLUTE_PATH card_OUTPUT BASE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}")
  add_custom_command(OUTPUT "${card_OUTPUT}"
    COMMAND "${program}" compose "${manifest}" --output "${card_OUTPUT}" --depfile "${card_OUTPUT}.d" --quiet ${card_OPTIONS}
    DEPENDS "${manifest}" ${card_DEPENDS} ${program}
    DEPFILE "${card_OUTPUT}.d"
    COMMENT "Composing ${name}" VERBATIM)
  set(all)
  if(card_ALL)
    set(all ALL)
  endif()
  add_custom_target(${name} ${all} DEPENDS "${card_OUTPUT}")
endfunction()
