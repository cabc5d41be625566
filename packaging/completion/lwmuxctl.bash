# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of lwmuxctl for bash: the program itself knows what may come, the
# names of endpoints and buses too. Words are taken from the line: bash parts
# them at colons, which names of endpoints have.
_lwmuxctl()
{
	local line=${COMP_LINE:0:COMP_POINT} words current
	read -ra words <<<"$line"
	[[ $line == *[[:space:]] ]] && words+=("")
	current=${words[-1]}
	mapfile -t COMPREPLY < <("${words[0]}" --complete -- \
		"${words[@]:1}" 2>/dev/null)
	if [[ $current == *:* && $COMP_WORDBREAKS == *:* ]]; then
		current=${current%"${current##*:}"}
		COMPREPLY=("${COMPREPLY[@]#"$current"}")
	fi
}
complete -o default -F _lwmuxctl lwmuxctl
