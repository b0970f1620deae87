/** What a host says that it has, and how its tasks hear of it. */
import { describe, expect, test } from "vitest";

import { genericShares } from "../shared/model/generic-resources.js";
import { genericEnvironment } from "../worker/engine/core/generic-environment.js";
import { parseGenericResources } from "./generic-resources.js";

describe("--generic-resource", () => {
  test.each<[string[], string[]]>([
    [[], []],
    [["ssd=4"], ["DOCKER_RESOURCE_SSD=4"]],
    [["gpu=UUID1", "gpu=UUID2"], ["DOCKER_RESOURCE_GPU=UUID1,UUID2"]],
    [
      ["ssd=4", "NVIDIA-gpu=a=b"],
      ["DOCKER_RESOURCE_NVIDIA-GPU=a=b", "DOCKER_RESOURCE_SSD=4"],
    ],
    [["gpu=A,gpu=B, ssd=1"], ["DOCKER_RESOURCE_GPU=A,B", "DOCKER_RESOURCE_SSD=1"]],
  ])("%j", (given, environment) => {
    const shares = genericShares(parseGenericResources(given));
    expect(genericEnvironment(shares)).toEqual(environment);
  });

  test.each<[string[], string]>([
    [["gpu"], 'invalid generic resource "gpu": KIND=NAME or KIND=NUMBER is wanted'],
    [["gpu="], 'invalid generic resource "gpu=": KIND=NAME or KIND=NUMBER is wanted'],
    [["=A"], 'invalid generic resource "=A": KIND=NAME or KIND=NUMBER is wanted'],
    [["gpu=a b"], 'invalid generic resource "gpu=a b": KIND=NAME or KIND=NUMBER is wanted'],
    [["gpu=-1"], 'invalid generic resource "gpu=-1": no such number'],
    [["gpu=99999999999999999999"], "no such number"],
    [["gpu=1", "gpu=2"], 'generic resource "gpu" is counted twice'],
    [["gpu=A", "gpu=A"], 'generic resource "gpu=A" is named twice'],
    [["gpu=A", "gpu=1"], 'mixed discrete and named resources in expression "gpu"'],
    [["gpu=1,gpu=A"], 'mixed discrete and named resources in expression "gpu"'],
  ])("%j is refused", (given, message) => {
    expect(() => parseGenericResources(given)).toThrow(message);
  });
});
