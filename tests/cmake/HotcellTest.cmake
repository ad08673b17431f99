# hotcell_test(<name> SOURCES … [DEPENDS …] [LABELS …] [TIMEOUT seconds] [SHARED_HOST] [NO_ASAN] [NO_TSAN] [NO_SANITIZERS])
#
# One GoogleTest program, one entry of ctest. LABELS name the stage of ./check that runs it:
#   unit (the default)   no root, no sleep          kernel    root, control groups, mounts
#   escape, faults       the suites of these names   vm        run inside the virtual machine only
# SHARED_HOST: may run beside other tests that touch the host (all but unit tests run alone otherwise).
# NO_ASAN, NO_TSAN, NO_SANITIZERS (both): left out of these stages; say why beside it. tsan has a thread and memory of its own, so that tests
# which count threads, limit memory or enter a user namespace cannot pass under it.
#
# hotcell_test_program(<name> SOURCES … [DEPENDS …])
#
# A tiny static C or C++ program that tests run inside a sandbox; built into ${HOTCELL_TEST_PROGRAMS}, never sanitized.
#
# hotcell_fuzzer(<name> SOURCES … [DEPENDS …])
#
# A libFuzzer target; built by the preset fuzz only: cmake --preset fuzz && cmake --build --preset fuzz &&
# build/fuzz/tests/<name> -max_total_time=60. GoogleTest programs run the same function on mutated seeds in ./check.
find_package(GTest REQUIRED)

set(HOTCELL_TEST_PROGRAMS ${CMAKE_BINARY_DIR}/tests/programs)
add_custom_target(hotcell_tests)       # every test
add_custom_target(hotcell_asan_tests)  # those which the stages of these names run
add_custom_target(hotcell_tsan_tests)

function(hotcell_test name)
  cmake_parse_arguments(ARG "SHARED_HOST;NO_ASAN;NO_TSAN;NO_SANITIZERS" "TIMEOUT" "SOURCES;DEPENDS;LABELS" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "hotcell_test(${name}): what is ${ARG_UNPARSED_ARGUMENTS}?")
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS} GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${name} COMMAND ${name})
  add_dependencies(hotcell_tests ${name})
  foreach(sanitizer ASAN TSAN)
    string(TOLOWER ${sanitizer} label)
    if(NOT ARG_NO_${sanitizer} AND NOT ARG_NO_SANITIZERS)
      add_dependencies(hotcell_${label}_tests ${name})
      list(APPEND ARG_LABELS ${label})
    endif()
  endforeach()
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
  if(NOT "unit" IN_LIST ARG_LABELS AND NOT ARG_SHARED_HOST)
    set_tests_properties(${name} PROPERTIES RESOURCE_LOCK host)
  endif()
endfunction()

function(hotcell_test_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS})
  target_link_options(${name} PRIVATE -static)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${HOTCELL_TEST_PROGRAMS})
  hotcell_never_sanitized(${name})
  add_dependencies(hotcell_tests ${name})
  add_dependencies(hotcell_asan_tests ${name})
  add_dependencies(hotcell_tsan_tests ${name})
endfunction()

add_custom_target(hotcell_fuzzers)
function(hotcell_fuzzer name)
  if(NOT HOTCELL_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPENDS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_dependencies(hotcell_fuzzers ${name})
endfunction()
