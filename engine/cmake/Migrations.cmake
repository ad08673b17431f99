# hotcell_migrations(<variable> <folder> <namespace>)
#
# The numbered steps of a schema, <folder>/migrations/NNN.sql, compiled in: <folder>/migrations.h declares
# hotcell::<namespace>::migrations(), and <variable> is the source that defines it.
function(hotcell_migrations variable folder namespace)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/migrations/*.sql)
  set(migrations "")
  foreach(file ${files})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} text)
    string(APPEND migrations "R\"sql(${text})sql\",\n")
  endforeach()
  set(source ${CMAKE_BINARY_DIR}/generated/${folder}/migrations.cc)
  configure_file(${CMAKE_SOURCE_DIR}/engine/cmake/migrations.cc.in ${source} @ONLY)
  set(${variable} ${source} PARENT_SCOPE)
endfunction()
