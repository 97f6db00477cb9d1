package keystore

import "unicode"

// A capital sigma at the end of a word has a small form of its own. Unicode says what a word is
// (section 3.13, Final_Sigma), but Java asks its BreakIterator instead, whose rules are its own
// and older: a word is the longest run that an automaton takes from the end of the word before.
// Where that ends decides which entry Java finds.

// state is a set of states of the automaton, as it follows all rules at once.
type state uint16

const (
	atStart      state = 1 << iota
	inWord             // after a letter
	inWordMark         // after a mark within a word: a letter must follow
	afterDanda         // after a word and a danda: a number may follow
	inNumber           // after a digit
	inNumberMark       // after a mark within a number: a digit must follow
	afterPrefix        // after what begins a number: a number may follow
	inSpace            // after white space
	afterReturn        // after white space and CR: the end of a line may follow
	inKatakana
	inHiragana
	inKanji
	onBase // after any character: combining marks may follow
	ended  // nothing may follow
)

// incomplete are the states in which a run cannot end.
const incomplete = inWordMark | inNumberMark

// softHyphen is the one format character that is part of the rules.
const softHyphen = 0x00ad

// wordEnds gives, for each rune, the end of the run that it is in.
func wordEnds(runes []rune) []int {
	out := make([]int, len(runes))
	for start := 0; start < len(runes); {
		end := start + 1
		at := atStart
		for i := start; i < len(runes) && at != 0; i++ {
			if !unicode.Is(unicode.Cf, runes[i]) || runes[i] == softHyphen { // the others change nothing
				at = at.next(runes[i])
			}
			if at&^incomplete != 0 {
				end = i + 1
			}
		}
		for ; start < end; start++ {
			out[start] = end
		}
	}
	return out
}

// next gives the states after another character.
func (s state) next(r rune) state {
	var to state
	add := func(from state, ok bool, then state) {
		if s&from != 0 && ok {
			to |= then
		}
	}
	mark := unicode.In(r, unicode.Mn, unicode.Me)
	kana := 0x3099 <= r && r <= 0x309c || r == 0x30fb || r == 0x30fc // marks of both kinds of kana
	katakana := 0x30a1 <= r && r <= 0x30fa || r == 0x30fd || r == 0x30fe
	hiragana := 0x3041 <= r && r <= 0x3094 || r == 0x309d || r == 0x309e
	kanji := r == 0x3005 || 0x4e00 <= r && r <= 0x9fa5 || 0xf900 <= r && r <= 0xfa2d
	letter := unicode.In(r, unicode.L, unicode.Mc) && !kana && !katakana && !hiragana && !kanji

	add(atStart|inWord|inWordMark|inNumber, letter, inWord)
	add(inWord, isWordMark(r), inWordMark)
	add(inWord, r == 0x0964 || r == 0x0965, afterDanda)
	add(atStart|inWord|afterDanda|inNumber|inNumberMark|afterPrefix, unicode.Is(unicode.N, r), inNumber)
	add(inNumber, isNumberMark(r), inNumberMark)
	add(inNumber, isNumberSuffix(r), ended)
	add(atStart, isNumberPrefix(r), afterPrefix)
	add(atStart|inSpace, r == '\t' || unicode.Is(unicode.Zs, r), inSpace)
	add(atStart|inSpace, r == '\r', afterReturn)
	add(atStart|inSpace|afterReturn, r == '\n' || r == '\f' || r == 0x2028 || r == 0x2029, ended)
	add(atStart|inKatakana, katakana || kana, inKatakana)
	add(atStart|inHiragana, hiragana || kana, inHiragana)
	add(atStart|inKanji, kanji, inKanji)
	add(inWord, mark, inWord)
	add(inNumber, mark, inNumber)
	add(inSpace, mark, inSpace)
	add(onBase, mark, onBase)
	add(atStart, !mark && !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp), onBase)
	add(atStart, true, ended)
	return to
}

func isWordMark(r rune) bool {
	return unicode.In(r, unicode.Pd, unicode.Pc) || r == softHyphen || r == 0x2027 || r == '"' || r == '\'' || r == '.'
}

func isNumberMark(r rune) bool {
	return r == '"' || r == '\'' || r == ',' || r == 0x066b || r == '.'
}

func isNumberPrefix(r rune) bool {
	return unicode.Is(unicode.Sc, r) && r != '¢' || r == '#' || r == '.'
}

func isNumberSuffix(r rune) bool {
	switch r {
	case '%', '&', '¢', 0x066a, 0x2030, 0x2031:
		return true
	}
	return false
}

// endsWord reports whether a sigma has a cased letter before it in its word and none after it.
func endsWord(runes []rune, words []int, at int) bool {
	for i := at + 1; i < len(runes) && !breaks(runes, words, i); i++ {
		if isCased(runes[i]) {
			return false
		}
	}
	for i := at; !breaks(runes, words, i); i-- {
		if isCased(runes[i-1]) {
			return true
		}
	}
	return false
}

// breaks reports whether Java says that a word begins at a rune. It also says so after every
// character outside the Basic Multilingual Plane but the first of all: asked for one place
// rather than for all in turn, it begins between the surrogates.
func breaks(runes []rune, words []int, at int) bool {
	return at == 0 || words[at-1] != words[at] || at > 1 && runes[at-1] > 0xffff
}

// isCased reports whether Java takes a character for a letter with case.
func isCased(r rune) bool {
	switch {
	case unicode.In(r, unicode.Lu, unicode.Ll, unicode.Lt), r == 0x0345, r == 0x037a,
		0x02b0 <= r && r <= 0x02b8, 0x02c0 <= r && r <= 0x02c1, 0x02e0 <= r && r <= 0x02e4,
		0x1d2c <= r && r <= 0x1d61, 0x2160 <= r && r <= 0x217f, 0x24b6 <= r && r <= 0x24e9:
		return true
	}
	return false
}
