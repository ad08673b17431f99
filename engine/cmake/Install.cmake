# What `cmake --install` puts where:
#   bin/               hotcelld, hotcell
#   libexec/hotcell/   hotcell-warden, hotcell-init
#   share/hotcell/     runtimes/, rootfs/, shims/
#   include/hotcell/   the public headers
#   lib/               the rooms behind hotcell::hotcell as static libraries, lib/cmake/hotcell/ their package
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# The engine's own rooms that `target` is linked from, itself included.
function(hotcell_rooms_below target result)
  set(found ${${result}})
  get_target_property(real ${target} ALIASED_TARGET)
  if(real)
    set(target ${real})
  endif()
  if(NOT target IN_LIST found)
    list(APPEND found ${target})
    get_target_property(links ${target} INTERFACE_LINK_LIBRARIES)
    foreach(link IN LISTS links)
      string(REGEX REPLACE "^\\$<LINK_ONLY:(.*)>$" "\\1" link "${link}")
      if(TARGET ${link} AND link MATCHES "^(engine::|hotcell_)")
        hotcell_rooms_below(${link} found)
      endif()
    endforeach()
  endif()
  set(${result} ${found} PARENT_SCOPE)
endfunction()

function(hotcell_install_library entry)
  set(rooms "")
  hotcell_rooms_below(${entry} rooms)
  add_library(hotcell_library INTERFACE)  # "hotcell" is the command line
  add_library(hotcell::hotcell ALIAS hotcell_library)
  set_target_properties(hotcell_library PROPERTIES EXPORT_NAME hotcell)
  target_link_libraries(hotcell_library INTERFACE ${entry})
  target_include_directories(hotcell_library INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(hotcell_library INTERFACE cxx_std_23)
  install(TARGETS hotcell_library ${rooms} EXPORT hotcell ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  set(package ${CMAKE_INSTALL_LIBDIR}/cmake/hotcell)
  install(EXPORT hotcell NAMESPACE hotcell:: DESTINATION ${package} FILE hotcell-targets.cmake)
  configure_package_config_file(${CMAKE_SOURCE_DIR}/engine/cmake/hotcell-config.cmake.in
                                ${CMAKE_BINARY_DIR}/hotcell-config.cmake INSTALL_DESTINATION ${package})
  write_basic_package_version_file(${CMAKE_BINARY_DIR}/hotcell-config-version.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${CMAKE_BINARY_DIR}/hotcell-config.cmake ${CMAKE_BINARY_DIR}/hotcell-config-version.cmake
          DESTINATION ${package})
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/engine/include/hotcell DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endfunction()

# Everything that the product needs to run from the build tree or to be installed.
add_custom_target(hotcell_product)
foreach(program hotcelld hotcell)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    add_dependencies(hotcell_product ${program})
  endif()
endforeach()
foreach(program hotcell-warden hotcell-init)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/hotcell)
    add_dependencies(hotcell_product ${program})
  endif()
endforeach()
if(TARGET hotcell_python)
  add_dependencies(hotcell_product hotcell_python hotcell-unpack hotcell_java_shim hotcell_csharp_shim)
  install(DIRECTORY ${CMAKE_BINARY_DIR}/share/hotcell/shims DESTINATION ${CMAKE_INSTALL_DATADIR}/hotcell
          USE_SOURCE_PERMISSIONS PATTERN __pycache__ EXCLUDE)
endif()
install(DIRECTORY ${CMAKE_SOURCE_DIR}/runtimes ${CMAKE_SOURCE_DIR}/rootfs DESTINATION ${CMAKE_INSTALL_DATADIR}/hotcell
        USE_SOURCE_PERMISSIONS)
if(TARGET engine::embed)
  hotcell_install_library(engine::embed)
endif()
