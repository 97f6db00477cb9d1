package keystore

import (
	"iter"
	"unicode/utf16"
)

// hashtable is java.util.Hashtable with strings for keys, as far as its order shows. keys is what
// makes it fast: aliases with equal hash codes are easily made.
type hashtable struct {
	buckets []int // the newest node of each, or -1
	nodes   []node
	keys    map[string]int // of nodes
}

type node struct {
	key   string
	hash  uint32
	value int
	next  int // the node before it in the bucket, or -1
}

func newHashtable(size int) *hashtable {
	t := &hashtable{nodes: make([]node, 0, size), keys: make(map[string]int, size)}
	t.buckets = emptyBuckets(11)
	return t
}

func emptyBuckets(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = -1
	}
	return out
}

// put sets the value of a key; one that is there already keeps its place.
func (t *hashtable) put(key string, value int) {
	if at, ok := t.keys[key]; ok {
		t.nodes[at].value = value
		return
	}
	if len(t.nodes) >= len(t.buckets)*3/4 { // the load factor 0.75
		t.rehash()
	}
	t.keys[key] = len(t.nodes)
	t.nodes = append(t.nodes, node{key: key, hash: hashCode(key), value: value})
	t.link(t.buckets, len(t.nodes)-1)
}

func (t *hashtable) get(key string) (int, bool) {
	at, ok := t.keys[key]
	if !ok {
		return 0, false
	}
	return t.nodes[at].value, true
}

// link puts a node before all others of its bucket.
func (t *hashtable) link(buckets []int, at int) {
	n := &t.nodes[at]
	b := &buckets[n.hash&0x7fffffff%uint32(len(buckets))]
	n.next = *b
	*b = at
}

// rehash moves all nodes to a larger table, in the order in which Java does.
func (t *hashtable) rehash() {
	larger := emptyBuckets(2*len(t.buckets) + 1)
	for n := range t.walk() {
		t.link(larger, n)
	}
	t.buckets = larger
}

// walk gives the nodes from the last bucket to the first. A node may be moved when it is given.
func (t *hashtable) walk() iter.Seq[int] {
	return func(yield func(int) bool) {
		for b := len(t.buckets) - 1; b >= 0; b-- {
			for at := t.buckets[b]; at >= 0; {
				next := t.nodes[at].next
				if !yield(at) {
					return
				}
				at = next
			}
		}
	}
}

// all gives the nodes in the order of Hashtable.keys.
func (t *hashtable) all() iter.Seq[*node] {
	return func(yield func(*node) bool) {
		for at := range t.walk() {
			if !yield(&t.nodes[at]) {
				return
			}
		}
	}
}

// hashCode is String.hashCode of Java.
func hashCode(s string) uint32 {
	var h uint32
	for _, r := range s {
		if high, low := utf16.EncodeRune(r); high != '\uFFFD' {
			h = 31*h + uint32(high)
			r = low
		}
		h = 31*h + uint32(r)
	}
	return h
}
