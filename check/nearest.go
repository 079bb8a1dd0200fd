package check

import "strings"

// Nearest is the word of a list that a mistyped one probably means, "" when none is near: at most one edit, and one more
// for every three letters.
func Nearest(word string, list []string) string {
	best, at := "", 1+len(word)/3
	for _, w := range list {
		if d := distance(strings.ToLower(word), strings.ToLower(w)); d < at || d == at && best == "" {
			best, at = w, d
		}
	}
	return best
}

// distance is the number of single-character edits between two short words (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diag := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			diag, row[j] = row[j], min(row[j]+1, row[j-1]+1, diag+cost)
		}
	}
	return row[len(b)]
}
