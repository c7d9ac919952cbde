// A query as the index has its words: of Chinese that stands together always the longest word that some page has.
var splitQuery = (query) => {
  const known = [Search._index.terms, Search._index.titleterms];
  const longestWords = (text) => {
    const signs = [...text];
    const found = [];
    for (let start = 0, end; start < signs.length; start = end) {
      for (end = signs.length; end > start + 1; end--) {
        const word = signs.slice(start, end).join("");
        if (known.some((terms) => Object.hasOwn(terms, word))) {
          found.push(word);
          break;
        }
      }
    }
    return found.length ? found : [text];
  };
  return query
    .split(/[^\p{Letter}\p{Number}_\p{Emoji_Presentation}]+/gu)
    .flatMap((part) => part.split(/(\p{Script=Han}+)/u))
    .filter((part) => part)
    .flatMap((part) => (/\p{Script=Han}/u.test(part) ? longestWords(part) : [part]));
};
