"""Secrets that manuals, tutorials and templates print, and the words that placeholders are made of."""

from __future__ import annotations

PLACEHOLDER_WORDS = frozenset(
    """
    admin administrator api app application auth authentication backend bit bits byte bytes change changed
    changeit changeme char character characters chars choose code config cookie crypto custom default demo deploy
    dev development django docker edit encryption enter env environment example express fake fastapi fill fix
    fixme flask generate generated hash hmac hs256 hs512 insecure insert jwt key keys laravel live local localhost
    master min minimum must node owner pass passphrase password placeholder please postgres private prod
    production put rails random randomly real replace root safe sample sanset secret secretkey secrets secure
    security server session shared shop should sign signature signed signing some something spring stage staging
    store string stripe strong stronger super superuser supersecret temp temporary test testing text todo token
    tokens ultra unsafe update use used user value very web webhook whsec your yours
    """.split()  # noqa: SIM905 - a list of words is read as words
)

PUBLISHED = frozenset(
    """
    09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7
    192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf
    404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970
    413F4428472B4B6250655368566D5970337336763979244226452948404D6351
    5367566B59703373367639792F423F4528482B4D6251655468576D5A71347437
    3cfa76ef14937c1c0ea519f8fc057a80fcd04a7420f8e8bcd0a7567c272e007b
    AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow
    wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
    django-insecure-
    a-string-secret-at-least-256-bits-long
    a-string-secret-at-least-512-bits-long-to-be-used-for-hs512
    super-secret-jwt-token-with-at-least-32-characters-long
    thisisasecretkeythatshouldbechanged
    thequickbrownfoxjumpsoverthelazydog the-quick-brown-fox-jumps-over-the-lazy-dog
    correcthorsebatterystaple correct-horse-battery-staple correct_horse_battery_staple
    loremipsumdolorsitamet lorem-ipsum-dolor-sit-amet lorem ipsum dolor
    to-be-or-not-to-be tobeornottobe that-is-the-question thecakeisalie openssl rand -hex -base64
    1qaz 2wsx 3edc 4rfv 5tgb 6yhn 7ujm 8ik, 9ol. 0p;/ 8ik9ol 1qaz2wsx3edc4rfv5tgb6yhn7ujm
    314159265358979 3.14159265358979 323846264338327 950288419716939 271828182845904 523536028747135
    192b9bdd45ab9ed4d12e236c78afzb9a393ec15f71bbf5dc987d54727823bcbf
    _5#y2L"F4Q8z\\n\\xec]/
    550e8400-e29b-41d4-a716-446655440000 123e4567-e89b-12d3-a456-426614174000 123e4567-e89b-12d3-a456-426655440000
    f47ac10b-58cc-4372-a567-0e02b2c3d479 6ba7b810-9dad-11d1-80b4-00c04fd430c8
    4eC39HqLyjWDarjtT1zdp7dc BQokikJOvBiI2HlWgH4olfQ2 tR3PYbcVNZZ796tH88S4VQ2u MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
    deadbeef cafebabe badc0de feedface c0ffee
    admin-demo-1 demo-shop-1 demo-shop-2 demo-vendor-1 s3cr3t pa55w0rd p4ssw0rd
    """.split()  # noqa: SIM905
)
