/** Runs the official docker CLI against a socket, as a user would. */
import { findDockerCli } from "./cli.mjs";
import { type CommandLine, commandLine } from "./command-line.js";

export type DockerCommand = CommandLine;

/** Undefined where there is no docker CLI. @param socketPath of the API that it should talk to. */
export function dockerCommand(socketPath: string): DockerCommand | undefined {
  const cli = findDockerCli();
  if (cli.kind === "unavailable") return undefined;
  const env = { ...process.env, DOCKER_HOST: `unix://${socketPath}`, DOCKER_BUILDKIT: "0" };
  return commandLine([cli.path], env);
}
