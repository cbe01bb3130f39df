# Finds the C++ Actor Framework as Debian packages it: headers and libraries, but no CMake package.
#
#   find_package(CAF 0.17.6 EXACT REQUIRED COMPONENTS core io openssl)
#
# gives CAF::core, CAF::io and CAF::openssl for the components asked for. Their headers count as the
# system's, so our warnings do not reach into them; each target brings what it needs (openssl > io > core).

include(CMakeFindDependencyMacro)
include(FindPackageHandleStandardArgs)

if(NOT CAF_FIND_COMPONENTS)
  set(CAF_FIND_COMPONENTS core)
endif()

find_path(CAF_INCLUDE_DIR NAMES caf/actor_system.hpp)
mark_as_advanced(CAF_INCLUDE_DIR)

# caf/config.hpp holds one number: major * 10000 + minor * 100 + patch.
if(CAF_INCLUDE_DIR)
  file(STRINGS "${CAF_INCLUDE_DIR}/caf/config.hpp" _caf_line REGEX "^#define CAF_VERSION [0-9]+")
  if(_caf_line MATCHES "CAF_VERSION ([0-9]+)")
    math(EXPR _caf_major "${CMAKE_MATCH_1} / 10000")
    math(EXPR _caf_minor "${CMAKE_MATCH_1} / 100 % 100")
    math(EXPR _caf_patch "${CMAKE_MATCH_1} % 100")
    set(CAF_VERSION "${_caf_major}.${_caf_minor}.${_caf_patch}")
  endif()
endif()

foreach(_caf_part IN LISTS CAF_FIND_COMPONENTS)
  find_library(CAF_${_caf_part}_LIBRARY NAMES caf_${_caf_part})
  mark_as_advanced(CAF_${_caf_part}_LIBRARY)
  if(CAF_${_caf_part}_LIBRARY)
    set(CAF_${_caf_part}_FOUND TRUE)
  endif()
endforeach()

find_package_handle_standard_args(CAF REQUIRED_VARS CAF_INCLUDE_DIR VERSION_VAR CAF_VERSION HANDLE_COMPONENTS)
if(NOT CAF_FOUND)
  return()
endif()

find_dependency(Threads)
set(_caf_core_needs Threads::Threads)
set(_caf_io_needs CAF::core)
set(_caf_openssl_needs CAF::io)
foreach(_caf_part IN LISTS CAF_FIND_COMPONENTS)
  if(CAF_${_caf_part}_FOUND AND NOT TARGET CAF::${_caf_part})
    add_library(CAF::${_caf_part} UNKNOWN IMPORTED)
    set_target_properties(CAF::${_caf_part} PROPERTIES
      IMPORTED_LOCATION "${CAF_${_caf_part}_LIBRARY}"
      INTERFACE_INCLUDE_DIRECTORIES "${CAF_INCLUDE_DIR}"
      INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${CAF_INCLUDE_DIR}"
      INTERFACE_LINK_LIBRARIES "${_caf_${_caf_part}_needs}")
  endif()
endforeach()
