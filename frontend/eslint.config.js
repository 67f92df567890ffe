import js from "@eslint/js";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

/** A room may not open the doors named by these patterns. */
function closed(message, ...group) {
  return { "no-restricted-imports": ["error", { patterns: [{ group, message }] }] };
}

const APPS = [
  "@babelcast/listener",
  "@babelcast/listener/*",
  "@babelcast/speaker",
  "@babelcast/speaker/*",
  "**/apps/*",
];

export default tseslint.config(
  { ignores: ["**/dist/", "**/node_modules/", "**/public/"] },
  js.configs.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    plugins: { "react-hooks": reactHooks },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "max-lines": ["error", { max: 400 }],
      "no-console": "error",
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      eqeqeq: "error",
    },
  },
  {
    files: ["packages/shared/**"],
    rules: closed("shared code serves the apps and never imports them", ...APPS),
  },
  {
    files: ["apps/listener/**"],
    rules: closed("apps never import each other", "@babelcast/speaker", "@babelcast/speaker/*", "**/speaker/**"),
  },
  {
    files: ["apps/speaker/**"],
    rules: closed("apps never import each other", "@babelcast/listener", "@babelcast/listener/*", "**/listener/**"),
  },
  {
    files: ["**/*.worklet.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              regex: "^(?!@babelcast/shared/audio/)",
              message: "the audio thread imports only pure audio code",
            },
          ],
        },
      ],
    },
  },
);
