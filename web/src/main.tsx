// Starts the pages.
import { render } from 'preact';
import { App } from './app';
import './styles/base.css';
import './styles/controls.css';
import './styles/tables.css';
import './styles/layout.css';
import './styles/import.css';
import './styles/monitor.css';
import './styles/narrow.css';

const root = document.getElementById('app');
if (root) render(<App />, root);
