"""The back office: what every page for customer service and operators is made of.

Owns how lists, pages, panels, questions and charts look and who may do what on them. It knows no
context: each brings its own pages, and adds its panel to the page of an order by registering it.
"""
