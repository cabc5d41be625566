# SPDX-License-Identifier: GPL-2.0-or-later
# FILES, a list, as arrays in the C file TO.
set(text "#include \"agent/http/page.h\"\n")
foreach(file ${FILES})
	get_filename_component(name ${file} NAME)
	string(REPLACE "." "_" name ${name})
	file(READ ${file} bytes HEX)
	string(LENGTH "${bytes}" n)
	math(EXPR n "${n} / 2")
	string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
	string(REGEX REPLACE "((0x..,)(0x..,)?(0x..,)?(0x..,)?(0x..,)?(0x..,)?(0x..,)?(0x..,)?)"
		"\\1\n" bytes "${bytes}")
	string(APPEND text
		"const size_t ${name}_size = ${n};\n"
		"const unsigned char ${name}[] = {\n${bytes}};\n")
endforeach()
file(WRITE ${TO} "${text}")
