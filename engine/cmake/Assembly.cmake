# hotcell_assembly(<output> <folder> [OPTIONS mcs's…] [REFERENCES assemblies…])
#
# An assembly of every .cs file below a folder; a program when <output> ends with .exe, else a library.
find_program(MCS mcs REQUIRED)
set(NEWTONSOFT_JSON /usr/lib/cli/Newtonsoft.Json-5.0/Newtonsoft.Json.dll CACHE FILEPATH "of Debian's libnewtonsoft-json5.0-cil")

function(hotcell_assembly output folder)
  cmake_parse_arguments(ARG "" "" "OPTIONS;REFERENCES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.cs)
  set(target library)
  if(output MATCHES "\\.exe$")
    set(target exe)
  endif()
  set(references "")
  foreach(reference ${ARG_REFERENCES})
    list(APPEND references -r:${reference})
  endforeach()
  get_filename_component(directory ${output} DIRECTORY)
  add_custom_command(
    OUTPUT ${output}
    COMMAND cmake -E make_directory ${directory}
    COMMAND ${MCS} -nologo -warnaserror -optimize ${ARG_OPTIONS} -target:${target} -out:${output} ${references} ${sources}
    DEPENDS ${sources} ${ARG_REFERENCES})
endfunction()
