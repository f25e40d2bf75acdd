import js from '@eslint/js'
import vue from 'eslint-plugin-vue'
import accessibility from 'eslint-plugin-vuejs-accessibility'
import globals from 'globals'
import typescript from 'typescript-eslint'

export default typescript.config(
  { ignores: ['dist/', 'node_modules/', 'src/api/schema.d.ts', 'test-results/', 'playwright-report/'] },
  js.configs.recommended,
  typescript.configs.recommended,
  vue.configs['flat/recommended'],
  accessibility.configs['flat/recommended'],
  {
    languageOptions: { globals: globals.browser, parserOptions: { parser: typescript.parser } },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      // TypeScript knows better which names there are.
      'no-undef': 'off',
      'vue/block-order': ['error', { order: ['script', 'template', 'style'] }],
      'vue/multi-word-component-names': 'off',
      // The shape of a line is nobody's business but the author's: no formatter is forced.
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      // An optional property is undefined where it is left out: that says it.
      'vue/require-default-prop': 'off',
      'vue/html-indent': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      // A component that takes `label` has its text from there.
      'vuejs-accessibility/label-has-for': ['error', { required: { some: ['nesting', 'id'] } }],
    },
  },
  {
    // Stores are the only ones that talk to the API; everybody may know its types.
    files: ['src/**/*.{ts,vue}'],
    ignores: ['src/stores/**', 'src/api/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: [{ group: ['@/api/*', '**/api/*'], allowTypeImports: true, message: 'Only stores talk to the API.' }] },
      ],
    },
  },
  { files: ['build/**', 'e2e/**', '*.config.*'], languageOptions: { globals: globals.node } },
)
