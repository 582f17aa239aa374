"""A shop in FastAPI, SQLAlchemy's ORM and PostgreSQL, written as a good team would write it today."""
