# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of lwmuxd for bash: its options, as it tells them.
_lwmuxd()
{
	local current=${COMP_WORDS[COMP_CWORD]}
	[[ $current == -* ]] || return
	mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" --help |
		grep -oE -- '--?[a-z][a-z-]*' | sort -u)" -- "$current")
}
complete -o default -F _lwmuxd lwmuxd
