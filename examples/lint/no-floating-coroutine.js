/**
 * An ESLint rule: a generator function that is called, and whose generator is dropped, has run nothing at all.
 *
 * It needs the types (`parserOptions.projectService`), as `@typescript-eslint/no-floating-promises` does.
 */
export default {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      floating: 'This coroutine never runs: wait for it with `yield*`, or start it with `createTask`.',
    },
  },
  create(context) {
    const { getTypeAtLocation } = context.sourceCode.parserServices;
    return {
      ExpressionStatement({ expression }) {
        const called = expression.type === 'ChainExpression' ? expression.expression : expression;
        if (called.type !== 'CallExpression') return;
        const type = getTypeAtLocation(called);
        const kinds = type.isUnion() ? type.types : [type];
        if (kinds.some((kind) => kind.symbol?.name === 'Generator')) {
          context.report({ node: expression, messageId: 'floating' });
        }
      },
    };
  },
};
