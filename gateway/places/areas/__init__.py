"""The city's areas: their names and codes, the search that forgives spelling, their boundaries where it has given them.

`table` has the areas, `search` finds one by what was typed, `boundaries` says which of them a point lies in, `geojson`
reads and writes those; `kept` is what this site has of both. All but the last are pure.
"""
