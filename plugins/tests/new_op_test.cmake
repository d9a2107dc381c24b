# Adds one folder to a copy of the sources, builds, and asks the built program for its ops: the new one must be there, although no
# other file differs from the original. The shipped ops are left out of the copy, which also shows that no file names them.
file(REMOVE_RECURSE "${WORK_DIR}")
file(MAKE_DIRECTORY "${WORK_DIR}/source")
file(COPY "${SOURCE_DIR}/CMakeLists.txt" "${SOURCE_DIR}/cmake" DESTINATION "${WORK_DIR}/source")
file(COPY "${SOURCE_DIR}/plugins/contract" "${SOURCE_DIR}/plugins/elementwise" "${SOURCE_DIR}/plugins/adapter"
  "${SOURCE_DIR}/plugins/tests" "${SOURCE_DIR}/plugins/CMakeLists.txt" DESTINATION "${WORK_DIR}/source/plugins")
file(COPY "${SOURCE_DIR}/plugins/tests/new_op/negate" DESTINATION "${WORK_DIR}/source/plugins")

# Runs a command and shows its whole output when it fails.
function(run_step)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${ARGN}\nended with ${status}:\n${output}")
  endif()
endfunction()

run_step("${CMAKE_COMMAND}" -S "${WORK_DIR}/source" -B "${WORK_DIR}/build" -DCMAKE_CUDA_ARCHITECTURES=90
  "-DCMAKE_CUDA_COMPILER=${CUDA_COMPILER}" -DPROFILER_SHIPPED_OPS_ABSENT=ON)
run_step("${CMAKE_COMMAND}" --build "${WORK_DIR}/build" --target list_ops profiler_plugins_rtx)
execute_process(COMMAND "${WORK_DIR}/build/bin/list_ops" OUTPUT_VARIABLE ops OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
if(NOT ops STREQUAL "negate")
  message(FATAL_ERROR "expected the op list to be 'negate', found '${ops}'")
endif()

# Count what was touched: every file outside the new folder must be an unchanged original.
file(GLOB_RECURSE files RELATIVE "${WORK_DIR}/source" "${WORK_DIR}/source/*")
set(touched "")
foreach(path IN LISTS files)
  if(EXISTS "${SOURCE_DIR}/${path}")
    file(SHA256 "${SOURCE_DIR}/${path}" original)
    file(SHA256 "${WORK_DIR}/source/${path}" copied)
    if(NOT original STREQUAL copied)
      list(APPEND touched "${path}")
    endif()
  else()
    get_filename_component(folder "${path}" DIRECTORY)
    list(APPEND touched "${folder}")
  endif()
endforeach()
list(REMOVE_DUPLICATES touched)
if(NOT touched STREQUAL "plugins/negate")
  message(FATAL_ERROR "expected one touched folder, plugins/negate, found: ${touched}")
endif()
message(STATUS "one folder added, nothing else touched; ops: ${ops}")
