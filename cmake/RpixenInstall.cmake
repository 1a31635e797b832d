# Installs the library with its public headers, a CMake package (find_package(rpixen)), a pkg-config file, the program, the
# overlays and the environment templates.
include(CMakePackageConfigHelpers)

install(TARGETS rpixen EXPORT rpixen-targets)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/lib/include/rpixen" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/overlays" "${PROJECT_SOURCE_DIR}/uboot-env"
  DESTINATION "${CMAKE_INSTALL_DATADIR}/rpixen")
install(FILES "${PROJECT_SOURCE_DIR}/lib/manifest/manifest.schema.json" DESTINATION "${CMAKE_INSTALL_DATADIR}/rpixen")
if(TARGET rpixen_fdt)
  install(TARGETS rpixen_fdt EXPORT rpixen-targets)
endif()
install(EXPORT rpixen-targets NAMESPACE rpixen:: DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/rpixen")

configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/rpixen-config.cmake.in"
  "${PROJECT_BINARY_DIR}/rpixen-config.cmake" INSTALL_DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/rpixen")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/rpixen-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/rpixen-config.cmake" "${PROJECT_BINARY_DIR}/rpixen-config-version.cmake"
  DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/rpixen")

configure_file("${PROJECT_SOURCE_DIR}/cmake/rpixen.pc.in" "${PROJECT_BINARY_DIR}/rpixen.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/rpixen.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
