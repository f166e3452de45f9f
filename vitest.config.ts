import { defineConfig } from "vitest/config";

const stackSetup = ["tests/helpers/global-setup.ts"];

export default defineConfig({
  test: {
    // Suites share one database server and two cores: more workers only make tests slower.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["tests/{unit,contract,mock-kyc}/**/*.test.ts"],
        },
      },
      { extends: true, test: { name: "repo", include: ["tests/repo/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "db",
          include: ["tests/db/**/*.test.ts"],
          globalSetup: ["tests/helpers/global-setup-db.ts"],
        },
      },
      {
        extends: true,
        test: {
          name: "api",
          include: ["tests/api/**/*.test.ts"],
          // They share one stack, and so its worker: one at a time, no run does another test's work.
          fileParallelism: false,
          globalSetup: [...stackSetup, "tests/helpers/api-coverage.ts"],
        },
      },
      {
        extends: true,
        test: {
          name: "stack",
          include: ["tests/stack/**/*.test.ts"],
          globalSetup: stackSetup,
          testTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: "console",
          include: ["tests/console/**/*.test.ts"],
          globalSetup: stackSetup,
          testTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
