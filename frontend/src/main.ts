import { createPinia } from 'pinia'
import { createApp, watch } from 'vue'
import App from './App.vue'
import { i18n, speak } from './i18n'
import { router } from './router'
import { useSettings } from './stores/settings'
import './styles/main.css'

const app = createApp(App).use(createPinia()).use(i18n).use(router)
const settings = useSettings()
watch(() => settings.language, speak)
// The first words in the right language, and the first view without a flash of another. Where it could not be fetched, the
// page around it says so.
await Promise.all([speak(settings.language), router.isReady().catch(() => undefined)])
app.mount('#app')
