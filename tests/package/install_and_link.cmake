file(REMOVE_RECURSE "${SCRATCH}/prefix" "${SCRATCH}/example")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${SCRATCH}/prefix"
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" -S "${SOURCE}/examples/library" -B "${SCRATCH}/example" -G "${GENERATOR}"
  "-DCMAKE_PREFIX_PATH=${SCRATCH}/prefix" "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_CXX_FLAGS=${FLAGS}" "-DCMAKE_C_COMPILER=${C_COMPILER}"
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${SCRATCH}/example" OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
# A manifest that is not there is an error of class 3, told by the library itself.
execute_process(COMMAND "${SCRATCH}/example/plan-card" "${SCRATCH}/no-such-manifest.json"
  RESULT_VARIABLE status ERROR_VARIABLE words)
if(NOT status EQUAL 3 OR NOT words MATCHES "no-such-manifest.json")
  message(FATAL_ERROR "plan-card: status ${status}: ${words}")
endif()
