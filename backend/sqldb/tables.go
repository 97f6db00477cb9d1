package sqldb

import (
	"slices"
	"strings"

	"signet/backend/backup"
)

// content is a table of the schema with what a copy of it must know.
type content struct {
	backup.Table
	key     string // its primary key: the order of its rows
	handles bool   // the key is a handle that the database gave
}

// contents are all tables that hold content, those that others refer to first. Numbers end in #
// and bytes in *; a key that is a handle is written id. What a table computes of its other columns
// is not listed. A test compares the list with the schema.
var contents = []content{
	table1("meta", "one", "one# uuid"),
	table1("recipients", "name", "name recipient since# proof*"),
	table1("data_keys", "generation", "generation# wrapped* link* created#"),
	table1("certificates", "id", "id# owner label status der* issuer_sha256* serial* subject_sha256* spki_sha256* not_before# not_after#"+
		" key_ref last_serial# requested# added# added_by"),
	table1("private_keys", "certificate", "certificate# sealed*"),
	table1("rings", "id", "id# owner name created# created_by"),
	table1("connections", "id", "id# ring# certificate# usage is_default#"),
	table1("label_hints", "owner", "owner hint#"),
	table1("settings", "name", "name value"),
	table1("classes", "name", "name active# raclist# generic# gencmd# global#"),
	table1("profiles", "id", "id# class name generic# uacc owner data appl_data level# audit notify warning# created# changed# created_by"),
	table1("access_entries", "profile, position", "profile# position# grantee access condition"),
	table1("raclist_profiles", "profile", "profile# class name generic# uacc owner data appl_data level# audit notify warning# created# changed# created_by"),
	table1("raclist_entries", "profile, position", "profile# position# grantee access condition"),
	table1("retired_keys", "spki_sha256", "spki_sha256*"),
	table1("tokens", "id", "id# name last_seq# created# created_by"),
	table1("token_objects", "id", "id# token# seq# owner label usage is_default# der* der_sha256* bound# bound_by"),
	table1("token_keys", "object", "object# sealed*"),
	table1("filters", "id", "id# owner label status subject issuer subject_sha256* issuer_sha256* criteria created# created_by"),
	table1("filter_label_hints", "owner", "owner hint#"),
	table1("users", "id", "id# user_id name owner default_group data special# operations# auditor# revoked# restricted# created# changed# created_by"),
	table1("user_groups", "id", "id# name owner superior data created# changed# created_by"),
	table1("memberships", "id", "id# user_id group_name owner authority special# operations# auditor# revoked# created# created_by"),
	table1("audit_key", "one", "one# public_key* sealed*"),
	table1("audit_head", "one", "one# seq# hash* signed_seq# signed_hash* signed_time# signature*"),
	table1("audit_checkpoints", "seq", "seq# hash* at# signature*"),
	table1("audit_records", "seq", "seq# event at# issuer function bad# body* prev* hash*"),
}

// ofNewDatabase are the tables that have rows in a database that holds nothing yet.
var ofNewDatabase = []string{"meta", "recipients", "data_keys", "audit_key"}

// The places of tables in contents that are treated in a way of their own.
const (
	metaTable         = 0
	recipientsTable   = 1
	dataKeysTable     = 2
	certificatesTable = 3
	privateKeysTable  = 4
	ringsTable        = 5
	connectionsTable  = 6
)

// table1 reads one line of contents.
func table1(name, key, columns string) content {
	c := content{Table: backup.Table{Name: name}, key: key, handles: key == "id"}
	for _, column := range strings.Fields(columns) {
		kind := backup.Text
		if name, ok := strings.CutSuffix(column, "#"); ok {
			column, kind = name, backup.Number
		} else if name, ok := strings.CutSuffix(column, "*"); ok {
			column, kind = name, backup.Bytes
		}
		c.Columns = append(c.Columns, backup.Column{Name: column, Kind: kind})
	}
	return c
}

// trail reports whether a table is a part of the audit trail.
func (c *content) trail() bool { return strings.HasPrefix(c.Name, "audit_") }

// columns gives the names of the columns for a statement.
func (c *content) columns() string {
	var names []string
	for _, column := range c.Columns {
		names = append(names, column.Name)
	}
	return strings.Join(names, ", ")
}

// contentTables gives the tables for the header of a backup.
func contentTables() []backup.Table {
	var all []backup.Table
	for _, c := range contents {
		all = append(all, c.Table)
	}
	return all
}

// sameTables reports whether a backup has the tables of this schema, column by column.
func sameTables(tables []backup.Table) bool {
	return slices.EqualFunc(tables, contentTables(), func(a, b backup.Table) bool {
		return a.Name == b.Name && slices.Equal(a.Columns, b.Columns)
	})
}
