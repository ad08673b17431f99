# engine_module(<name> SOURCES … DEPENDS engine::<lower> … PRIVATE_DEPENDS <third party> …)
#
# One static target per room of engine/. DEPENDS are the arrows of docs/architecture.md and nothing else;
# third-party headers stay in the room that names them in PRIVATE_DEPENDS. A room without sources is headers only.
function(engine_module name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  set(target hotcell_${name})
  if(ARG_SOURCES)
    add_library(${target} STATIC ${ARG_SOURCES})
    target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>
                                                $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/engine/include>)
    target_link_libraries(${target} PUBLIC ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE_DEPENDS})
    target_compile_options(${target} PRIVATE -fvisibility=hidden)
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>
                                                   $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/engine/include>)
    target_link_libraries(${target} INTERFACE ${ARG_DEPENDS})
  endif()
  add_library(engine::${name} ALIAS ${target})
endfunction()
