/** Somebody types in the search box: nothing else may take the focus from them. */
export const isSearching = () => Boolean(document.activeElement?.closest('[role="search"]'))
