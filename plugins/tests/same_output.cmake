# Runs LEFT and RIGHT and fails unless both print the same, and something.
execute_process(COMMAND "${LEFT}" OUTPUT_VARIABLE left COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${RIGHT}" OUTPUT_VARIABLE right COMMAND_ERROR_IS_FATAL ANY)
if(NOT left STREQUAL right OR left STREQUAL "")
  message(FATAL_ERROR "The outputs differ.\n--- ${LEFT}\n${left}\n--- ${RIGHT}\n${right}")
endif()
