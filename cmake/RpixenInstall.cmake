# Installs the library (shared and static side by side) with its public headers, a CMake package (find_package(rpixen)), pkg-config
# files, the overlays and the environment templates. Nothing installed names the prefix, so the tree may be moved.
include(CMakePackageConfigHelpers)
set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/rpixen")
set(program_folder "${CMAKE_INSTALL_BINDIR}")

# Two sets, so that who links the shared library is asked for nothing that only the static one needs.
if(BUILD_SHARED_LIBS)
  install(TARGETS rpixen EXPORT rpixen-shared-targets
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT runtime NAMELINK_COMPONENT development)
  install(EXPORT rpixen-shared-targets NAMESPACE rpixen:: DESTINATION "${package_folder}" COMPONENT development)
endif()
install(TARGETS rpixen-static rpixen_fdt EXPORT rpixen-static-targets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT development)
install(EXPORT rpixen-static-targets NAMESPACE rpixen:: DESTINATION "${package_folder}" COMPONENT development)

install(DIRECTORY "${PROJECT_SOURCE_DIR}/lib/include/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" COMPONENT development)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/overlays" "${PROJECT_SOURCE_DIR}/uboot-env"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/rpixen" COMPONENT runtime)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/docs/schemas" DESTINATION "${CMAKE_INSTALL_DATADIR}/rpixen" COMPONENT runtime)
install(FILES "${PROJECT_SOURCE_DIR}/lib/manifest/manifest.schema.json" "${PROJECT_SOURCE_DIR}/lib/manifest/matrix.schema.json" DESTINATION "${CMAKE_INSTALL_DATADIR}/rpixen" COMPONENT runtime)

configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/rpixen-config.cmake.in"
  "${PROJECT_BINARY_DIR}/rpixen-config.cmake" INSTALL_DESTINATION "${package_folder}"
  PATH_VARS program_folder)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/rpixen-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/rpixen-config.cmake" "${PROJECT_BINARY_DIR}/rpixen-config-version.cmake"
  "${PROJECT_SOURCE_DIR}/cmake/RpixenCard.cmake"
  DESTINATION "${package_folder}" COMPONENT development)

# rpixen.pc links the shared library where there is one, rpixen-static.pc the archive with the system's shared libraries.
file(RELATIVE_PATH to_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
string(REGEX REPLACE "/$" "" to_prefix "${to_prefix}")
set(foreign "-larchive -lz -lzstd -llzma -lsqlite3 -lext2fs -lcom_err -lcrypto -lfdt -lpthread -ldl")
set(archive "\${libdir}/${CMAKE_STATIC_LIBRARY_PREFIX}rpixen${CMAKE_STATIC_LIBRARY_SUFFIX} ${foreign} -lstdc++ -lm")
foreach(name rpixen rpixen-static)
  if(name STREQUAL "rpixen" AND BUILD_SHARED_LIBS)
    set(libs "-L\${libdir} -lrpixen")
  else()
    set(libs "${archive}")
  endif()
  configure_file("${PROJECT_SOURCE_DIR}/cmake/rpixen.pc.in" "${PROJECT_BINARY_DIR}/${name}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/${name}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT development)
endforeach()
