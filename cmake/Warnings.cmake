# Compiler warnings for C++ and for the host part of CUDA sources.
add_library(profiler_warnings INTERFACE)
set(host_warnings -Wall -Wextra)
if(PROFILER_WARNINGS_AS_ERRORS)
  list(APPEND host_warnings -Werror)
endif()
list(JOIN host_warnings "," forwarded_warnings)
target_compile_options(profiler_warnings INTERFACE
  "$<$<COMPILE_LANGUAGE:CXX>:${host_warnings}>"
  "$<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=${forwarded_warnings}>"
  "$<$<AND:$<COMPILE_LANGUAGE:CUDA>,$<BOOL:${PROFILER_WARNINGS_AS_ERRORS}>>:-Werror=all-warnings>"
  "$<$<COMPILE_LANGUAGE:CUDA>:-lineinfo>")
