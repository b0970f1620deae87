/** `skep completion`: the script that teaches a shell to complete `skep`. */
import { defineCommand, ONE_ARGUMENT } from "../command.js";
import { COMPLETION_SCRIPTS, SHELLS } from "../completion/scripts.js";
import { words } from "../completion/sources.js";
import { UsageError } from "../errors.js";

export const completionCommand = defineCommand({
  name: "completion",
  summary: "Print the completion script for a shell: source <(skep completion bash)",
  synopsis: "(bash|zsh|fish)",
  arguments: ONE_ARGUMENT,
  completion: words(...SHELLS),
  flags: {},
  run({ stdout }, { args }) {
    const shell = SHELLS.find((one) => one === args[0]);
    if (shell === undefined) {
      throw new UsageError(
        `no completion for ${args[0] ?? ""} (there is one for bash, zsh and fish)`,
      );
    }
    stdout.write(COMPLETION_SCRIPTS[shell]);
    return Promise.resolve();
  },
});
