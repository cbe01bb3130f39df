# The Debian package: what lies where, and what CPack writes into its control file. `./dev package` makes it.
#
# Paths are those of the package; `cmake --install build/release --prefix FOLDER` unpacks it into a folder.

set(packaging "${CMAKE_CURRENT_SOURCE_DIR}/packaging")
set(made "${CMAKE_CURRENT_BINARY_DIR}/packaging")

# What is made of the program's own help and of the sources, so that it says what they say.
add_custom_command(
  OUTPUT "${made}/lmq.1.gz" "${made}/lmq.toml.5.gz"
  COMMAND "${packaging}/man_pages" $<TARGET_FILE:lmq> "${made}"
  COMMAND gzip -9nf "${made}/lmq.1" "${made}/lmq.toml.5"
  DEPENDS lmq "${packaging}/man_pages" "${packaging}/help_to_man.awk"
  VERBATIM)
add_custom_command(
  OUTPUT "${made}/lmq.toml"
  COMMAND "${packaging}/config_file" "${CMAKE_CURRENT_SOURCE_DIR}/examples/lmq.toml" "${made}/lmq.toml"
  DEPENDS "${packaging}/config_file" "${CMAKE_CURRENT_SOURCE_DIR}/examples/lmq.toml"
  VERBATIM)
configure_file("${packaging}/changelog" "${made}/changelog.Debian" @ONLY)
configure_file("${CMAKE_CURRENT_SOURCE_DIR}/CHANGELOG.md" "${made}/changelog" COPYONLY)
add_custom_command(
  OUTPUT "${made}/changelog.Debian.gz" "${made}/changelog.gz"
  COMMAND gzip -9nkf "${made}/changelog.Debian" "${made}/changelog"
  DEPENDS "${made}/changelog.Debian" "${made}/changelog"
  VERBATIM)
add_custom_target(package_files DEPENDS lmq "${made}/lmq.1.gz" "${made}/lmq.toml.5.gz" "${made}/lmq.toml"
                                        "${made}/changelog.Debian.gz" "${made}/changelog.gz")

# Nothing but these is asked for, not all tests as well.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
install(TARGETS lmq RUNTIME DESTINATION usr/bin)
install(FILES "${packaging}/lmq.service" DESTINATION lib/systemd/system)
install(FILES "${packaging}/sysusers.conf" DESTINATION usr/lib/sysusers.d RENAME lmq.conf)
install(FILES "${made}/lmq.toml" DESTINATION etc/lmq)
install(FILES "${made}/lmq.1.gz" DESTINATION usr/share/man/man1)
install(FILES "${made}/lmq.toml.5.gz" DESTINATION usr/share/man/man5)
install(FILES "${packaging}/completion.bash" DESTINATION usr/share/bash-completion/completions RENAME lmq)
install(FILES "${packaging}/completion.zsh" DESTINATION usr/share/zsh/vendor-completions RENAME _lmq)
install(FILES "${packaging}/copyright" "${made}/changelog.Debian.gz" "${made}/changelog.gz"
        DESTINATION usr/share/doc/lmq)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME lmq)
set(CPACK_PACKAGE_CONTACT "The LMQ in C++ authors <lmq@localhost>")
set(CPACK_PACKAGE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/package")
set(CPACK_PACKAGING_INSTALL_PREFIX /)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ
                                                WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "message queue that is talked to over HTTP")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "Push over HTTP, pull over HTTP, acknowledge when the work is done; what is not
acknowledged comes back. Messages are kept on the disk, and in a cluster on
several. Clients of LMQ 0.7 work unchanged, over HTTP and MessagePack-RPC.

The package brings the program and a service that runs it.")
# Libraries are found by dpkg-shlibdeps; sysusers.d wants a program that reads it where systemd is not installed.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd-standalone-sysusers | systemd-sysusers")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "curl")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${packaging}/conffiles;${packaging}/postinst;${packaging}/prerm;${packaging}/postrm")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
