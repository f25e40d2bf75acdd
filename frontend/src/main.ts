import { createPinia } from 'pinia'
import { createApp, watch } from 'vue'
import App from './App.vue'
import { i18n, speak } from './i18n'
import { tellNotLoaded } from './lib/not-loaded'
import { router } from './router'
import { useSettings, type Language } from './stores/settings'
import './styles/main.css'

const app = createApp(App).use(createPinia()).use(i18n).use(router)
const settings = useSettings()
// Where its messages can't be fetched, it stays with what was spoken before: English, to begin with.
const change = (language: Language) => speak(language).catch(() => tellNotLoaded(() => location.reload()))
watch(() => settings.language, change)
// The first words in the right language, and the first view without a flash of another. Where it could not be fetched, the
// page around it says so.
await Promise.all([change(settings.language), router.isReady().catch(() => undefined)])
app.mount('#app')
