/**
 * The lint rules of the house (docs/decisions/0002-eslint-and-knip.md says why these tools).
 *
 * What a rule cannot see (file sizes, import direction, dead files) is held by `test/tidy.test.ts`.
 */
import js from "@eslint/js";
import { defineConfig } from "eslint/config";
import { createNodeResolver, importX } from "eslint-plugin-import-x";
import simpleImportSort from "eslint-plugin-simple-import-sort";
import tseslint from "typescript-eslint";

const TESTS = ["**/*.test.ts", "test/**"];
const CORE = ["**/core/**/*.ts", "shared/model/**/*.ts"];

/** Where time and chance are arguments: everything that the simulator runs. */
const SIMULATED = ["manager/**/*.ts", "worker/**/*.ts", "shared/**/*.ts"];

const AMBIENT_TIME_AND_CHANCE = [
  { object: "Date", property: "now", message: "Time is an argument: take a Clock or a nowMs." },
  { object: "Math", property: "random", message: "Chance is an argument: take a Random." },
  { object: "performance", property: "now", message: "Time is an argument: take a Clock." },
];

const NEW_DATE = {
  selector: "NewExpression[callee.name='Date'][arguments.length=0]",
  message: "Time is an argument: take a Clock or a nowMs.",
};

const BOOLEAN_PARAMETER = {
  // The first parameter may be one (`assert(condition, …)`,
  // `formatFlag(value)`): its call site reads.
  selector: ":function > Identifier.params:not(:first-child) > TSTypeAnnotation > TSBooleanKeyword",
  message: 'A boolean argument does not read at the call: use { tasks: "stop-first" } or a union.',
};

const EXPORT_ALL = {
  selector: "ExportAllDeclaration",
  message: "No barrels: import from the file that has it.",
};

const CORE_SYNTAX = [
  { selector: ":function[async=true]", message: "core/ is synchronous: the shell waits." },
  { selector: "AwaitExpression", message: "core/ is synchronous: the shell waits." },
  { selector: "ImportExpression", message: "core/ is synchronous: import statically." },
];

const NODE_GLOBALS = [
  "Buffer",
  "clearInterval",
  "clearTimeout",
  "console",
  "crypto",
  "fetch",
  "performance",
  "process",
  "queueMicrotask",
  "setImmediate",
  "setInterval",
  "setTimeout",
].map((name) => ({
  name,
  message: "core/ has no environment: the shell passes in what it needs.",
}));

const TIMERS = ["setTimeout", "setInterval"].map((name) => ({
  name,
  message: "Waiting is an argument: take a Clock.",
}));

export default defineConfig(
  { ignores: ["dist/", "node_modules/", "**/fixtures/**"] },
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    plugins: { "import-x": importX, "simple-import-sort": simpleImportSort },
    settings: {
      "import-x/extensions": [".ts", ".js", ".mjs"],
      "import-x/parsers": { "@typescript-eslint/parser": [".ts"] },
      "import-x/resolver-next": [
        createNodeResolver({
          extensions: [".ts", ".js", ".mjs", ".json"],
          extensionAlias: { ".js": [".ts", ".js"] },
        }),
      ],
    },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      // Under verbatimModuleSyntax `import { type A }` still loads the module at run time.
      "@typescript-eslint/no-import-type-side-effects": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "@typescript-eslint/no-unused-vars": [
        "error",
        // A leading underscore says: the position is needed, the value is not.
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_", ignoreRestSiblings: true },
      ],
      // Numbers print as themselves; objects and undefined do not, and stay forbidden.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // `() => emitter.emit(…)` as a callback and `return apply(…)` as the end of a case are idiom,
      // where nobody takes the value.
      "@typescript-eslint/no-confusing-void-expression": [
        "error",
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      // `while (true)` with a named way out is clearer than a flag.
      "@typescript-eslint/no-unnecessary-condition": [
        "error",
        { allowConstantLoopConditions: "only-allowed-literals" },
      ],
      eqeqeq: "error",
      "import-x/no-cycle": ["error", { ignoreExternal: true }],
      "import-x/no-default-export": "error",
      "import-x/no-duplicates": "error",
      "max-lines-per-function": ["error", { max: 70, skipComments: true }],
      "no-restricted-syntax": ["error", NEW_DATE, BOOLEAN_PARAMETER, EXPORT_ALL],
      "simple-import-sort/exports": "error",
      "simple-import-sort/imports": "error",
    },
  },
  {
    files: SIMULATED,
    ignores: [...TESTS, "shared/ports/**"],
    rules: {
      "no-restricted-globals": ["error", ...TIMERS],
      "no-restricted-properties": ["error", ...AMBIENT_TIME_AND_CHANCE],
    },
  },
  {
    files: CORE,
    ignores: TESTS,
    rules: {
      "no-restricted-globals": ["error", ...NODE_GLOBALS],
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: ["node:*"], message: "core/ does no IO: the shell does." }] },
      ],
      "no-restricted-syntax": ["error", NEW_DATE, BOOLEAN_PARAMETER, EXPORT_ALL, ...CORE_SYNTAX],
    },
  },
  {
    files: TESTS,
    rules: {
      // A describe block is a table of contents, not a function to be held in mind.
      "max-lines-per-function": "off",
      // `expect(server.close)` names a method without calling it.
      "@typescript-eslint/unbound-method": "off",
      // A test says what must be there with `!`, and fails where it is not.
      "@typescript-eslint/no-non-null-assertion": "off",
      // `expect.stringMatching(…)` and its like are of type any.
      "@typescript-eslint/no-unsafe-assignment": "off",
      // Fakes of asynchronous ports have nothing to wait for.
      "@typescript-eslint/require-await": "off",
      "no-restricted-syntax": ["error", EXPORT_ALL],
    },
  },
  {
    // tsc checks plain JavaScript too: it knows what is defined, and reads the casts in JSDoc,
    // which these rules do not.
    files: ["**/*.{js,mjs}"],
    rules: {
      "no-undef": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
    },
  },
  {
    // Tools read the default export of their configuration.
    files: ["*.config.js", "*.config.ts"],
    rules: { "import-x/no-default-export": "off" },
  },
);
