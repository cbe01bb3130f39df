# How a room (one top-level folder) becomes a library, and its tests become CTest entries.
#
#   lmq_room(actors DEPENDS lmq_core PkgConfig::RE2)   library lmq_actors from actors/**/*.cpp
#   lmq_room_tests(actors DEPENDS lmq_actors)          program test_actors from tests/actors/*_test.cpp
#   lmq_fuzzers(DEPENDS lmq_core)                      one program fuzz_x for each fuzz_x.cpp in this folder
#
# A test file x_test.cpp defines CAF_SUITE x; it runs as the CTest entry <room>.x. Those named x_faults_test.cpp
# need fault points that can throw, and are left out where there are none (LMQ_FAULTS).
# Every program lies at the top of the build folder: build/release/lmq, build/release/test_core.

option(LMQ_WERROR "Warnings are errors" OFF)
option(LMQ_FAULTS "Fault points (core/fault_point.hpp) can throw; for tests, not for use" OFF)
option(LMQ_FUZZ "Build tests/fuzz; asks for clang's libFuzzer" OFF)
set(LMQ_SANITIZE "" CACHE STRING "Sanitizers to build with, e.g. address,undefined")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

find_program(LMQ_CCACHE ccache)
mark_as_advanced(LMQ_CCACHE)
if(LMQ_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${LMQ_CCACHE}")
endif()

add_library(lmq_flags INTERFACE)
target_include_directories(lmq_flags INTERFACE "${CMAKE_SOURCE_DIR}")
# Two warnings of g++ 12 are wrong too often: -Wrestrict sees overlapping copies in every `"text" + std::string`
# (GCC bug 105651), -Wmaybe-uninitialized suspects std::variant, std::optional and <regex>, elsewhere at each -O.
target_compile_options(lmq_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                       $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
                       $<$<BOOL:${LMQ_WERROR}>:-Werror>
                       $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
# fmt 9's check of format strings while compiling is too much for clang 14.
target_compile_definitions(lmq_flags INTERFACE $<$<CXX_COMPILER_ID:Clang>:FMT_CONSTEVAL=>)
if(LMQ_SANITIZE)
  # CAF 0.17.6 reads through null references in init_fun_factory.hpp when a function without
  # arguments is spawned; harmless, and not ours to mend.
  target_compile_options(lmq_flags INTERFACE -fsanitize=${LMQ_SANITIZE} -fno-sanitize=null -fno-omit-frame-pointer
                         -fno-sanitize-recover=undefined)
  target_link_options(lmq_flags INTERFACE -fsanitize=${LMQ_SANITIZE})
endif()
if(LMQ_FAULTS)
  target_compile_definitions(lmq_flags INTERFACE LMQ_FAULTS)
endif()
if(LMQ_FUZZ)
  # The rooms are watched by the fuzzer as well, but only a target has its main().
  target_compile_options(lmq_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

function(lmq_room room)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  if(sources)
    add_library(lmq_${room} STATIC ${sources})
    target_link_libraries(lmq_${room} PUBLIC lmq_flags ${ARG_DEPENDS})
  else()
    add_library(lmq_${room} INTERFACE)
    target_link_libraries(lmq_${room} INTERFACE lmq_flags ${ARG_DEPENDS})
  endif()
endfunction()

# main() and the engine of CAF's test framework, compiled once for all.
function(lmq_test_main)
  add_library(lmq_test_main OBJECT "${CMAKE_SOURCE_DIR}/tests/main.cpp")
  target_link_libraries(lmq_test_main PUBLIC lmq_flags CAF::core)
  target_compile_options(lmq_test_main PRIVATE -O0)
endfunction()

function(lmq_room_tests room)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  file(GLOB suites CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp")
  file(GLOB of_faults CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*_faults_test.cpp")
  if(NOT LMQ_FAULTS)
    list(REMOVE_ITEM suites ${of_faults})
  endif()
  if(NOT suites)
    return()
  endif()
  # Whatever else lies in the folder is shared by its suites.
  file(GLOB shared CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  list(REMOVE_ITEM shared ${suites} ${of_faults})
  add_executable(test_${room} ${suites} ${shared})
  target_link_libraries(test_${room} PRIVATE ${ARG_DEPENDS} lmq_test_main)
  # What is tested is optimised; the tests themselves run once, and compile in two thirds of the time so.
  target_compile_options(test_${room} PRIVATE -O0)
  # Suites that start servers take several times as long under the sanitizers.
  set(seconds_max 120)
  if(LMQ_SANITIZE)
    set(seconds_max 300)
  endif()
  foreach(file IN LISTS suites)
    get_filename_component(suite "${file}" NAME_WE)
    string(REGEX REPLACE "_test$" "" suite "${suite}")
    # CAF's runner ends with 0 when no suite matches or nothing was checked, so that is told by its words.
    # -r 0: CTest ends what hangs. CAF's own watchdog would be a second thread beside tests that fork.
    add_test(NAME ${room}.${suite} COMMAND test_${room} -n -r 0 -v 3 -s "^${suite}$")
    set_tests_properties(${room}.${suite} PROPERTIES TIMEOUT ${seconds_max} FAIL_REGULAR_EXPRESSION "(tests|checks): +0")
  endforeach()
endfunction()

function(lmq_fuzzers)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  file(GLOB targets CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/fuzz_*.cpp")
  foreach(file IN LISTS targets)
    get_filename_component(name "${file}" NAME_WE)
    add_executable(${name} "${file}")
    target_link_libraries(${name} PRIVATE lmq_flags ${ARG_DEPENDS})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  endforeach()
endfunction()
