/**
 * The settings that catch a forgotten `await` or `yield*`. Copy the rules, and `no-floating-coroutine.js` beside them.
 */
import tseslint from 'typescript-eslint';
import noFloatingCoroutine from './no-floating-coroutine.js';

export default tseslint.config({
  files: ['src/**/*.ts'],
  languageOptions: {
    parser: tseslint.parser,
    parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
  },
  plugins: {
    '@typescript-eslint': tseslint.plugin,
    local: { rules: { 'no-floating-coroutine': noFloatingCoroutine } },
  },
  rules: {
    // Whatever asyncio-ts lets you wait for has a `then`: with `checkThenables` the rule sees it, in both styles.
    // A task runs whether or not somebody waits for it, and its loop reports a failure that nobody looks at.
    '@typescript-eslint/no-floating-promises': [
      'error',
      {
        checkThenables: true,
        allowForKnownSafePromises: [{ from: 'package', package: 'asyncio-ts', name: 'Task' }],
      },
    ],
    // A coroutine that is a plain generator has no `then`.
    'local/no-floating-coroutine': 'error',
  },
});
