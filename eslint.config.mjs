import js from "@eslint/js";

// the scripts are joined into one page, so each sees the globals of the others and of the browser
export default [
  js.configs.recommended,
  {
    files: ["dashboards/assets/js/*.js"],
    languageOptions: { ecmaVersion: 2022, sourceType: "script", parserOptions: { ecmaFeatures: { impliedStrict: true } } },
    rules: {
      "no-undef": "off",
      "no-redeclare": "off",
      "no-unused-vars": ["error", { vars: "local", args: "after-used", caughtErrors: "none", ignoreRestSiblings: true }],
      eqeqeq: "error",
      "prefer-const": "error",
      "no-var": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
    },
  },
];
