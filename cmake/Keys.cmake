# SPDX-License-Identifier: GPL-2.0-or-later
# A key that says nothing of itself fails the build. Asked of the program, since
# the adapters' tables are joined there; not of one for another machine.
if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
	return()
endif()
set(adapters ${LWMUX_ADAPTERS})
list(TRANSFORM adapters PREPEND adapter_)
add_custom_command(OUTPUT keys.txt
	COMMAND sh -c "\"$1\" --keys --adapters \"$2\" >keys.tmp || \
		{ grep error: keys.tmp >&2; exit 1; }; mv keys.tmp keys.txt"
		sh $<TARGET_FILE:lwmuxd> ${CMAKE_BINARY_DIR}/adapters
	DEPENDS lwmuxd ${adapters}
	COMMENT "Looking for the help of every key"
	VERBATIM)
add_custom_target(keys ALL DEPENDS keys.txt)
