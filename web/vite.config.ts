// Builds the pages into dist/: relative addresses, so that they work under any base path, and nothing inlined, so that they run
// under a Content-Security-Policy without 'unsafe-inline'.
import { defineConfig } from 'vite';

export default defineConfig({
    base: './',
    esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
    build: { target: 'es2021', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
});
