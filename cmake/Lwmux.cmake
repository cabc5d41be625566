# SPDX-License-Identifier: GPL-2.0-or-later
# Compiler settings, foreign libraries and the two helpers of all folders.
include(GNUInstallDirs)
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

if(NOT CMAKE_BUILD_TYPE)
	set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
include_directories(${CMAKE_SOURCE_DIR})

add_compile_options(-Wall -Wextra -Wshadow -Wstrict-prototypes
	-Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings
	-Wvla -Wformat=2 -Wundef -Wswitch-enum -fno-common)
add_compile_definitions(_GNU_SOURCE)
# Else a directory whose entries have large inode numbers cannot be read.
if(CMAKE_SIZEOF_VOID_P EQUAL 4)
	add_compile_definitions(_FILE_OFFSET_BITS=64)
endif()
if(LWMUX_WERROR)
	add_compile_options(-Werror)
endif()
# The distributions' packages are built so, with checks that end the program: what
# a test reaches must meet them too. Sanitizers have their own.
if(NOT LWMUX_SANITIZE AND CMAKE_BUILD_TYPE MATCHES "^Rel")
	add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
if(LWMUX_SANITIZE)
	add_compile_options(-fsanitize=${LWMUX_SANITIZE}
		-fno-sanitize-recover=all -fno-omit-frame-pointer)
	add_link_options(-fsanitize=${LWMUX_SANITIZE})
endif()

pkg_check_modules(coap REQUIRED IMPORTED_TARGET libcoap-3-gnutls>=4.3.1)
pkg_check_modules(gnutls REQUIRED IMPORTED_TARGET gnutls)
pkg_check_modules(uv REQUIRED IMPORTED_TARGET libuv)
pkg_check_modules(yaml REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(expat REQUIRED IMPORTED_TARGET expat)
pkg_check_modules(jsonc REQUIRED IMPORTED_TARGET json-c)
pkg_check_modules(microhttpd REQUIRED IMPORTED_TARGET libmicrohttpd>=0.9.75)
pkg_check_modules(cbor REQUIRED IMPORTED_TARGET libcbor)
pkg_check_modules(systemd REQUIRED IMPORTED_TARGET libsystemd)

# Where plug-ins are found; the daemon's --adapters overrides it.
set(LWMUX_ADAPTER_DIR ${CMAKE_INSTALL_FULL_LIBDIR}/lwmux/adapters)
set(LWMUX_PROFILE_DIR ${CMAKE_INSTALL_FULL_DATADIR}/lwmux/profiles)
set(LWMUX_OBJECT_DIR ${CMAKE_INSTALL_FULL_DATADIR}/lwmux/objects.d)

# lwmux_adapter(NAME SOURCES... LIBS targets... HEADERS patterns...): one plug-in,
# NAME.so; the headers are those of its own library, which nobody else includes
# (tests/lint/layers reads them here)
function(lwmux_adapter name)
	cmake_parse_arguments(A "" "" "SOURCES;LIBS;HEADERS" ${ARGN})
	add_library(adapter_${name} MODULE ${A_SOURCES})
	set_target_properties(adapter_${name} PROPERTIES PREFIX ""
		OUTPUT_NAME ${name} C_VISIBILITY_PRESET hidden
		LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/adapters)
	target_link_libraries(adapter_${name} PRIVATE ${A_LIBS})
	install(TARGETS adapter_${name}
		DESTINATION ${CMAKE_INSTALL_LIBDIR}/lwmux/adapters
		COMPONENT adapter-${name})
	install(FILES lwmux-${name}.5
		DESTINATION ${CMAKE_INSTALL_MANDIR}/man5
		COMPONENT adapter-${name})
endfunction()

# lwmux_test(NAME SOURCES... LIBS targets...): a cmocka program in ctest
function(lwmux_test name)
	cmake_parse_arguments(T "" "" "SOURCES;LIBS" ${ARGN})
	add_executable(${name} ${T_SOURCES})
	target_link_libraries(${name} PRIVATE ${T_LIBS} PkgConfig::cmocka)
	add_test(NAME ${name} COMMAND ${name})
	set_tests_properties(${name} PROPERTIES TIMEOUT 60 LABELS unit)
endfunction()
