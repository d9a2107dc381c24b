# Finds the ops. Every folder plugins/<op>/ that holds <op>_launch.cu is one; nothing else has to be edited to add it.

# profiler_find_ops(<root> <names variable>): the names of the op folders under <root>, sorted.
function(profiler_find_ops root names)
  file(GLOB launch_files CONFIGURE_DEPENDS RELATIVE "${root}" "${root}/*/*_launch.cu")
  set(found "")
  foreach(launch_file IN LISTS launch_files)
    get_filename_component(folder "${launch_file}" DIRECTORY)
    if(launch_file STREQUAL "${folder}/${folder}_launch.cu")
      list(APPEND found "${folder}")
    endif()
  endforeach()
  list(SORT found)
  if(NOT found)
    message(FATAL_ERROR "No op found: expected folders ${root}/<op>/ that hold <op>_launch.cu")
  endif()
  set(${names} "${found}" PARENT_SCOPE)
endfunction()

# profiler_write_op_list(<file> <name>...): the generated list that contract/registry.cpp includes.
function(profiler_write_op_list file)
  set(lines "")
  foreach(name IN LISTS ARGN)
    string(APPEND lines "PROFILER_OP(${name})\n")
  endforeach()
  file(CONFIGURE OUTPUT "${file}" CONTENT "${lines}" @ONLY)
endfunction()
