// Sets what the person chose before the first paint; stores/settings.ts writes it, and owns it from then on.
try {
  const theme = localStorage.getItem('docuvault.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
} catch {
  // Storage is blocked: the system's theme it is.
}
