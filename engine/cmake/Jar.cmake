# hotcell_jar(<jar> <folder> [OPTIONS javac's…] [CLASSPATH jars…] [MANIFEST file])
#
# A jar of every .java file below a folder.
set(JAVA_HOME /usr/lib/jvm/java-17-openjdk-amd64 CACHE PATH "where javac, jar and java are")
find_program(JAVAC javac PATHS ${JAVA_HOME}/bin NO_DEFAULT_PATH REQUIRED)

function(hotcell_jar jar folder)
  cmake_parse_arguments(ARG "" "MANIFEST" "OPTIONS;CLASSPATH" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.java)
  list(JOIN ARG_CLASSPATH ":" path)
  get_filename_component(name ${jar} NAME_WE)
  set(manifest "")
  if(ARG_MANIFEST)
    set(manifest --manifest ${ARG_MANIFEST})
  endif()
  get_filename_component(directory ${jar} DIRECTORY)
  add_custom_command(
    OUTPUT ${jar}
    COMMAND cmake -E rm -rf ${CMAKE_CURRENT_BINARY_DIR}/${name}
    COMMAND cmake -E make_directory ${CMAKE_CURRENT_BINARY_DIR}/${name} ${directory}
    COMMAND ${JAVAC} -Xlint:all,-options -Werror ${ARG_OPTIONS} -d ${CMAKE_CURRENT_BINARY_DIR}/${name} -cp ${path} ${sources}
    COMMAND ${JAVA_HOME}/bin/jar --create --file ${jar} ${manifest} -C ${CMAKE_CURRENT_BINARY_DIR}/${name} .
    DEPENDS ${sources} ${ARG_CLASSPATH} ${ARG_MANIFEST})
endfunction()
