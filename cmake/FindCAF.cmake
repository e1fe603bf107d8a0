# Finds the C++ Actor Framework 0.17, which Debian ships without a CMake config.
#
#   find_package(CAF 0.17.6 REQUIRED COMPONENTS core io openssl)
#
# Targets: CAF::core, CAF::io, CAF::openssl. Variables: CAF_VERSION, CAF_INCLUDE_DIR.

find_path(CAF_INCLUDE_DIR caf/config.hpp)
mark_as_advanced(CAF_INCLUDE_DIR)

if(CAF_INCLUDE_DIR)
  # "#define CAF_VERSION 1706" is 0.17.6: major * 10000 + minor * 100 + patch.
  file(STRINGS "${CAF_INCLUDE_DIR}/caf/config.hpp" caf_line REGEX "^#define CAF_VERSION [0-9]+")
  string(REGEX REPLACE ".*CAF_VERSION ([0-9]+).*" "\\1" caf_number "${caf_line}")
  math(EXPR caf_major "${caf_number} / 10000")
  math(EXPR caf_minor "${caf_number} / 100 % 100")
  math(EXPR caf_patch "${caf_number} % 100")
  set(CAF_VERSION "${caf_major}.${caf_minor}.${caf_patch}")
endif()

foreach(component core io openssl)
  find_library(CAF_${component}_LIBRARY caf_${component})
  mark_as_advanced(CAF_${component}_LIBRARY)
  if(CAF_INCLUDE_DIR AND CAF_${component}_LIBRARY)
    set(CAF_${component}_FOUND TRUE)
  endif()
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CAF
  REQUIRED_VARS CAF_INCLUDE_DIR CAF_core_LIBRARY
  VERSION_VAR CAF_VERSION
  HANDLE_COMPONENTS)

if(CAF_FOUND)
  find_package(Threads REQUIRED)
  set(caf_core_needs Threads::Threads)
  set(caf_io_needs CAF::core)
  set(caf_openssl_needs CAF::io)
  if("openssl" IN_LIST CAF_FIND_COMPONENTS)
    find_package(OpenSSL REQUIRED)
    list(APPEND caf_openssl_needs OpenSSL::SSL)
  endif()
  set(caf_wanted core ${CAF_FIND_COMPONENTS})
  if("openssl" IN_LIST caf_wanted)
    list(APPEND caf_wanted io)
  endif()
  list(REMOVE_DUPLICATES caf_wanted)
  foreach(component IN LISTS caf_wanted)
    if(CAF_${component}_FOUND AND NOT TARGET CAF::${component})
      add_library(CAF::${component} UNKNOWN IMPORTED)
      # An imported target's headers are system headers: CAF's own warnings stay out of our builds.
      set_target_properties(CAF::${component} PROPERTIES
        IMPORTED_LOCATION "${CAF_${component}_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${CAF_INCLUDE_DIR}"
        INTERFACE_LINK_LIBRARIES "${caf_${component}_needs}")
    endif()
  endforeach()
endif()
