# HOTCELL_SANITIZE=address,undefined | thread and HOTCELL_COVERAGE instrument everything, except what may not be:
# hotcell_never_sanitized(<target> …) is for hotcell-init, the forker's stub and what else runs between clone and exec
# or is linked statically. A host build of the same code is tested instead.
set(HOTCELL_SANITIZE "" CACHE STRING "sanitizers, as for -fsanitize=")
set(CMAKE_C_FLAGS_SANITIZED "-O1 -g1" CACHE STRING "")  # quick to build; line numbers are enough
set(CMAKE_CXX_FLAGS_SANITIZED "-O1 -g1" CACHE STRING "")
option(HOTCELL_COVERAGE "count executed lines with gcov" OFF)

if(HOTCELL_SANITIZE)
  add_compile_options(-fsanitize=${HOTCELL_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${HOTCELL_SANITIZE})
  if(HOTCELL_SANITIZE MATCHES undefined)
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()
if(HOTCELL_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
  # libstdc++ 12 hides std::expected from compilers that count concepts below C++20's; clang 16 can read it all the same (14 cannot)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-D__cpp_concepts=202002L> -Wno-builtin-macro-redefined
                      -Wno-macro-redefined)
endif()

function(hotcell_never_sanitized)
  foreach(target IN LISTS ARGN)
    if(HOTCELL_SANITIZE)
      target_compile_options(${target} PRIVATE -fno-sanitize=all)
      target_link_options(${target} PRIVATE -fno-sanitize=all)
    endif()
    if(HOTCELL_COVERAGE)
      target_compile_options(${target} PRIVATE -fno-profile-arcs -fno-test-coverage)
    endif()
  endforeach()
endfunction()

# tsan brings a thread of its own, and a process with two threads may not enter a user namespace: hotcell-warden, which has
# one thread and nothing for tsan to find, is taken from the preset dev there.
function(hotcell_without_tsan target)
  if(HOTCELL_SANITIZE MATCHES thread)
    add_custom_command(TARGET ${target} POST_BUILD VERBATIM
                       COMMAND cp ${CMAKE_SOURCE_DIR}/build/dev/bin/$<TARGET_FILE_NAME:${target}> $<TARGET_FILE:${target}>
                       COMMENT "Taking ${target} from the preset dev")
  endif()
endfunction()
