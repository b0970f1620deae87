/**
 * The scripts that teach shells to complete `skep`. Each only passes the words on to `skep
 * __complete` and hands its answer to the shell: lines of a word, a tab and its summary, then
 * `:` and what comes next.
 */
export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

const BASH = `# skep completion for bash: source <(skep completion bash)
_skep() {
  local line=\${COMP_LINE:0:COMP_POINT} answer next word cur
  local -a words=() lines=()
  read -ra words <<<"$line"
  # A blank at the end begins a new word.
  [[ $line == *[[:space:]] ]] && words+=("")
  cur=\${words[\${#words[@]} - 1]}
  answer=$(skep __complete "\${words[@]:1}" 2>/dev/null) || return
  mapfile -t lines <<<"$answer"
  next=\${lines[\${#lines[@]} - 1]}
  unset "lines[\${#lines[@]} - 1]"
  COMPREPLY=()
  if [[ $next == ":files" ]]; then
    compopt -o default
    return
  fi
  [[ $next == ":no-space" ]] && compopt -o nospace
  # The shell's own current word begins behind the last of these characters.
  local shared=\${cur%"\${cur##*[=:]}"}
  for word in "\${lines[@]}"; do
    word=\${word%%$'\\t'*}
    COMPREPLY+=("\${word#"$shared"}")
  done
}
complete -F _skep skep
`;

const ZSH = `#compdef skep
# skep completion for zsh: source <(skep completion zsh)
_skep() {
  local answer next line
  local -a lines described
  answer=$(skep __complete "\${(@Q)words[2,CURRENT]}" 2>/dev/null) || return 1
  lines=("\${(@f)answer}")
  next=\${lines[-1]}
  lines=("\${(@)lines[1,-2]}")
  if [[ $next == ":files" ]]; then
    _files
    return
  fi
  # _describe wants "word:summary", with the colons of the word escaped.
  local colon='\\:'
  for line in "\${lines[@]}"; do
    described+=("\${\${line%%$'\\t'*}//:/$colon}:\${line#*$'\\t'}")
  done
  if [[ $next == ":no-space" ]]; then
    _describe -t skep skep described -S ''
  else
    _describe -t skep skep described
  fi
}
compdef _skep skep
`;

const FISH = `# skep completion for fish: skep completion fish | source
function __skep_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l lines (skep __complete $words[2..-1] 2>/dev/null); or return
  if test "$lines[-1]" = ":files"
    __fish_complete_path (commandline -ct)
  else if test (count $lines) -gt 1
    printf '%s\\n' $lines[1..-2]
  end
end
complete -c skep -f -a '(__skep_complete)'
`;

export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: BASH,
  zsh: ZSH,
  fish: FISH,
};
