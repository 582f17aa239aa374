"""Finds the categories of the Icecat products, which the data does not have.

Two marks tell what a product is. Icecat writes a title as brand, model, what it is and its measures: "HP 64MB DDR
memory module", so the first shelf with such a word has it, as shelves.py does it. Where a title names no thing
("Xerox 6R01294"), the names of its attributes do: only toner has a `black_toner_page_yield`. The order runs from
accessories, which name what they are for, to the things.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

from server.imports.shelves import ShelfTerms, Shelves


class IcecatShelf(NamedTuple):
    """A category below a department: the words of titles that lead to it, and the names of attributes.

    "_" joins the words of one term; all names that "+" joins must be there.
    """

    department: str
    name: str
    words: str
    attributes: str = ""


OTHER: Final = ["More Electronics"]

ICECAT_SHELVES: Final = (
    IcecatShelf(
        "Services & Software",
        "Warranties & Support",
        "warranty support_extension service_pack svc onsite_service care_pack nbd installation_service",
    ),
    IcecatShelf(
        "Services & Software",
        "Software",
        "software license licence subscription antivirus os_upgrade",
        "license_quantity license_term__in_years license_type software_type minimum_ram distribution_type",
    ),
    IcecatShelf(
        "Computers",
        "Bags & Cases",
        "notebook_case mobile_phone_case tablet_case equipment_case camera_case "
        "peripheral_device_case backpack briefcase sleeve trolley messenger laptop_bag "
        "messenger_case bag pouch holster handbag screen_protector privacy_filter "
        "display_privacy_filter skin",
        "case_type bag_type shoulder_strap notebook_compartment telescoping_handle",
    ),
    IcecatShelf(
        "Power",
        "UPS & Surge Protectors",
        "uninterruptible_power_supply ups surge_protector power_distribution_unit pdu "
        "power_extension power_strip battery_cabinet transfer_switch",
        "surge_energy_rating output_power_capacity typical_backup_time_at_half_load "
        "ups_topology ac_outlets_quantity",
    ),
    IcecatShelf(
        "Power",
        "Batteries",
        "battery rechargeable_battery backup_battery battery_charger power_bank battery_cartridge",
        "battery_capacity+battery_voltage battery_technology+battery_capacity "
        "battery_technology+compatibility batteries_per_pack",
    ),
    IcecatShelf(
        "Power",
        "Power Supplies & Adapters",
        "power_adapter power_supply_unit power_supply ac_adapter charger power_cable_adapter inverter",
        "total_output_capacity nominal_output_voltage ac_adapter_power charger_type power_supply_form_factor",
    ),
    IcecatShelf(
        "Cables",
        "Fibre & Network Cables",
        "patch_cable networking_cable fiber_optic_cable fibre_optic_cable "
        "fiber_patch_cable ethernet_cable network_cable cat5e cat6 cat5 utp crossover "
        "fibre_cable fiber_cable",
        "cable_standard cable_shielding fiber_mode_structure core_diameter snagless_cable_boot",
    ),
    IcecatShelf(
        "Cables",
        "Cables & Adapters",
        "cable cord adapter_cable extension_cable interface_card_adapter coupler "
        "video_cable usb_cable vga_cable hdmi_cable audio_cable power_cable dvi_cable "
        "serial_cable parallel_cable displayport_cable scsi_cable cable_gender_changer "
        "gender_changer cable_interface wire_connector video_splitter cable_lock "
        "cable_tie",
    ),
    IcecatShelf(
        "Printing",
        "Toner & Drums",
        "toner toner_cartridge drum printer_drum fuser imaging_unit transfer_belt "
        "developer_unit toner_collector printer_belt photoconductor imaging_drum",
        "black_toner_page_yield colour_toner_page_yield toner_cartridges_quantity drum_page_yield",
    ),
    IcecatShelf(
        "Printing",
        "Ink Cartridges",
        "ink_cartridge printhead ink_tank ink inkjet_cartridge duck_singlepack singlepack print_head",
        "ink_type colour_ink_volume colour_ink_cartridges_quantity black_ink_volume cartridge_capacity",
    ),
    IcecatShelf(
        "Printing",
        "Labels & Ribbons",
        "label printer_label self_adhesive_label label_making_tape labelling_tape "
        "printer_ribbon ribbon thermal_ribbon number_block label_tape",
        "labels_per_pack label_type labels_per_sheet label_width adhesive_type",
    ),
    IcecatShelf(
        "Printing",
        "Paper & Film",
        "printing_paper photo_paper printing_film plain_paper paper large_format_media "
        "transparency canvas vellum inkjet_paper film",
        "media_sheets_per_package sheet_length print_media_weight iso_a_series_sizes__a0___a9_ roll_length",
    ),
    IcecatShelf(
        "Printing",
        "Printer Parts & Accessories",
        "printer_kit printer_scanner_spare_part tray_feeder printer_cabinet "
        "output_stacker duplex_unit document_feeder maintenance_kit feeder mailbox "
        "printer_stand print_server roller_kit tray printer_memory",
    ),
    IcecatShelf(
        "Printing",
        "Printers & Scanners",
        "laser_printer inkjet_printer photo_printer printer multifunctional scanner "
        "copier large_format_printer label_printer dot_matrix_printer fax_machine "
        "scanjet laserjet officejet deskjet designjet bar_code_reader barcode_scanner "
        "label_maker designjet_copier phaser workcentre",
        "print_speed__black__normal_quality__a4_us_letter_ optical_scanning_resolution "
        "maximum_duty_cycle scanner_type printing_resolution page_description_languages",
    ),
    IcecatShelf(
        "Computers",
        "Notebooks & Tablets",
        "notebook tablet netbook chromebook notebook_pc thinkpad ultrabook hybrid_2_in_1 tablet_pc",
        "processor_family+display_diagonal+battery_technology "
        "processor_model+display_diagonal+pointing_device "
        "processor_cores+display_diagonal+front_camera",
    ),
    IcecatShelf(
        "Components",
        "Processors",
        "processor cpu",
        "processor_ark_id tcase stepping processor_cache+processor_socket "
        "thermal_design_power__tdp_+processor_socket",
    ),
    IcecatShelf(
        "Components",
        "Motherboards",
        "motherboard server_workstation_board desktop_board",
        "motherboard_chipset motherboard_form_factor supported_processor_sockets",
    ),
    IcecatShelf(
        "Components",
        "Memory",
        "memory_module dimm sodimm ram printer_memory_module",
        "memory_form_factor memory_layout__modules_x_size_ cas_latency component_for+internal_memory",
    ),
    IcecatShelf(
        "Components",
        "Graphics Cards",
        "graphics_card video_card",
        "graphics_processor graphics_adapter_memory_type graphics_processor_family",
    ),
    IcecatShelf(
        "Components",
        "Cooling & Computer Cases",
        "computer_cooling cooling heat_sink computer_case fan cooler liquid_cooling "
        "heat_sink_compound chassis hardware_cooling_accessory",
        "fan_diameter fan_speed case_form_factor",
    ),
    IcecatShelf(
        "Components",
        "Interface Cards & Controllers",
        "interface_card raid_controller controller_card sound_card tv_card serial_adapter_card",
    ),
    IcecatShelf(
        "Storage",
        "Memory Cards & USB Sticks",
        "flash_drive memory_card usb_flash_drive compactflash microsdhc sdhc microsdxc card_reader",
        "flash_card_type flash_memory_class memory_card_type usb_version+capacity",
    ),
    IcecatShelf(
        "Storage",
        "Hard Drives & SSDs",
        "hard_drive internal_hard_drive external_hard_drive solid_state_drive hard_disk "
        "internal_solid_state_drive",
        "ssd_form_factor hdd_interface hdd_capacity+hdd_size hdd_speed+hdd_capacity",
    ),
    IcecatShelf(
        "Storage",
        "Drives & Enclosures",
        "optical_disc_drive tape_drive storage_drive_enclosure disk_array "
        "nas_storage_server tape_auto_loader drive_bay_panel "
        "storage_drive_docking_station hdd_ssd_enclosure disk_enclosure drive_enclosure "
        "hard_drive_enclosure",
        "number_of_storage_drives_supported supported_storage_drive_types optical_drive_type+interface",
    ),
    IcecatShelf(
        "Storage",
        "Discs & Tapes",
        "dvd_r cd_r blank_dvd blank_cd dvd_rw cd_rw blank_data_tape data_cartridge "
        "backup_storage_media audio_video_cassette cleaning_media blu_ray_disc "
        "cleaning_cartridge lto video_cassette",
        "archival_storage_life compressed_capacity tape_length disc_type",
    ),
    IcecatShelf(
        "Networking",
        "Switches & Routers",
        "network_switch router wireless_router switch firewall gateway bridge_repeater "
        "network_switch_component kvm_switch console_server network_hub "
        "power_over_ethernet",
        "switch_type mac_address_table switching_capacity routing_protocol",
    ),
    IcecatShelf(
        "Networking",
        "Network Cards & Wireless",
        "networking_card network_card wlan_access_point access_point network_antenna "
        "wireless_adapter network_media_converter network_transceiver_module "
        "transceiver_module powerline bluetooth_adapter modem network_extender antenna "
        "interface_hub",
        "sfp_module_type ethernet_lan_data_rates+host_interface top_wi_fi_standard antenna_gain_level__max_",
    ),
    IcecatShelf(
        "Peripherals",
        "Docks, Hubs & Sharing",
        "notebook_dock port_replicator docking_station hub usb_hub "
        "mobile_device_dock_station audio_video_extender av_extender av_transmitter "
        "video_converter video_switch audio_module",
    ),
    IcecatShelf(
        "Peripherals",
        "Keyboards & Mice",
        "keyboard mouse numeric_keypad mice trackball mouse_pad presentation_remote "
        "gaming_controller joystick gamepad wrist_rest graphic_tablet keyboard_cover "
        "remote_control",
        "keyboard_layout movement_resolution movement_detection_technology keyboard_style",
    ),
    IcecatShelf(
        "TV & Displays",
        "Mounts & Stands",
        "wall_mount flat_panel_accessory monitor_mount desk_mount mount ceiling_mount "
        "monitor_stand multimedia_cart_stand notebook_stand flat_panel_ceiling_mount "
        "project_mount mounting_kit stand_mount screen_wall_mount cart",
        "panel_mounting_interface minimum_vesa_mount",
    ),
    IcecatShelf(
        "TV & Displays",
        "Televisions",
        "tv hospitality_tv led_tv",
        "tv_tuner_integrated tuner_type digital_signal_format_system",
    ),
    IcecatShelf(
        "Photo & Video",
        "Projectors & Screens",
        "data_projector projector projector_lamp projection_screen projector_accessory",
        "projection_technology projector_brightness projection_distance lamp_power viewable_size__w_x_h_",
    ),
    IcecatShelf(
        "Photo & Video",
        "Cameras & Camcorders",
        "camera camcorder webcam compact_camera slr_camera security_camera ip_camera "
        "digital_photo_frame surveillance_camera bridge_camera",
        "megapixel image_sensor_size total_megapixels optical_zoom",
    ),
    IcecatShelf(
        "Photo & Video",
        "Lenses & Camera Accessories",
        "camera_lens slr lens camera_lens_adapter binocular tripod camera_filter "
        "lens_hood camera_flash lens_cap camera_kit flash tripod_mount",
        "lens_structure__elements_groups_ focal_length_range__f_f_ closest_focusing_distance",
    ),
    IcecatShelf(
        "Audio",
        "Headphones & Headsets",
        "headphone headset earphone headphones_headset microphone headband",
        "headphone_connectivity headset_type wearing_style microphone_type ear_coupling",
    ),
    IcecatShelf(
        "Audio",
        "Speakers & Players",
        "speaker loudspeaker speaker_set soundbar mp3_player home_theater_system "
        "home_cinema_system dvd_player radio car_media_receiver cd_player audio_system "
        "dvd_blu_ray_player docking_speaker clock_radio mp3_mp4_player portable_stereo "
        "stereo hi_fi home_audio_set digital_media_player set_top_box dvd_recorder",
        "rms_rated_power driver_unit number_of_drivers audio_formats_supported",
    ),
    IcecatShelf(
        "Phones",
        "Phones & Handhelds",
        "smartphone phone telephone handheld_mobile_computer dect_telephone ip_phone "
        "galaxy iphone voip conference_phone navigator dect_phone answering_machine",
        "sim_card_capability sim_card_type phonebook_capacity speed_dialing caller_id",
    ),
    IcecatShelf(
        "Computers",
        "Desktops & Servers",
        "workstation server thin_client all_in_one_pc desktop_pc workstation_barebone "
        "barebone mini_pc pc_workstation",
        "processor_family+chassis_type processor_family+internal_memory "
        "processor_model+internal_memory chassis_type",
    ),
    IcecatShelf(
        "TV & Displays",
        "Monitors",
        "monitor computer_monitor signage_display touch_screen_monitor display lcd",
        "display_diagonal+response_time native_aspect_ratio panel_type "
        "display_diagonal+contrast_ratio__typical_ display_brightness",
    ),
    IcecatShelf(
        "Computers",
        "Racks & Spare Parts",
        "rack rack_accessory rack_cabinet notebook_spare_part rack_mounting rack_console "
        "rack_shelf rail_kit blanking_panel patch_panel cabinet",
        "rack_capacity rack_mounting",
    ),
    IcecatShelf(
        "Toys & Games",
        "Toys",
        "doll jigsaw_puzzle puzzle toy board_game toy_figure doll_accessory playset baby card_game lego game",
        "recommended_age__min_ recommended_gender suggested_gender number_of_players",
    ),
    IcecatShelf(
        "Home",
        "Lighting",
        "light_bulb lamp luminaire lighting light wall_lighting suspension_lighting "
        "table_lamp flashlight torch spotlight car_light_bulb",
        "bulb_power fitting_cap_type lamp_lifetime luminous_flux",
    ),
    IcecatShelf(
        "Home",
        "Kitchen & Household",
        "coffee_maker kettle toaster blender iron vacuum washing_machine refrigerator "
        "oven fryer grill mixer microwave dishwasher juicer food_processor dryer freezer "
        "hob cooker hood steam_ironing_station espresso_machine",
        "dishwasher_proof_parts water_tank_capacity number_of_slices dust_capacity "
        "bowl_capacity energy_efficiency_class",
    ),
    IcecatShelf(
        "Home",
        "Personal Care",
        "shaver toothbrush hair_dryer epilator hair_clipper trimmer hair_straightener "
        "men_shaver electric_toothbrush bathroom_scale breast_pump infrared_lamp "
        "baby_bottle",
    ),
    IcecatShelf(
        "Office",
        "Office Supplies",
        "folder binder document_holder report_cover file calculator shredder pen stapler "
        "laminator envelope index_card whiteboard sheet_protector self_stick_note "
        "paper_punch hole_punch filing_pocket",
        "surface_coloration closure_type filing_capacity sheet_capacity number_of_pockets writing_colours",
    ),
    IcecatShelf(
        "Cables",
        "Cables & Adapters",
        "adapter connector",
        "cable_length cable_colour connector_1 connector_2 jacket_material cable_type connector_gender",
    ),
    IcecatShelf(
        "Printing",
        "Toner & Drums",
        "cartridge",
        "printing_colours page_yield",
    ),
    IcecatShelf(
        "Networking",
        "Network Cards & Wireless",
        "",
        "networking_standards host_interface networking_features wi_fi_standards",
    ),
    IcecatShelf(
        "Power",
        "Power Supplies & Adapters",
        "",
        "nominal_input_voltage output_current",
    ),
    IcecatShelf(
        "Peripherals",
        "Docks, Hubs & Sharing",
        "",
        "usb_2_0_ports_quantity ports_quantity compatible_memory_cards",
    ),
)

_BY_WORDS: Final = Shelves(
    [ShelfTerms(str(index), shelf.words) for index, shelf in enumerate(ICECAT_SHELVES)], max_words=5
)
_BY_ATTRIBUTES: Final = [
    (shelf, [frozenset(names.split("+")) for names in shelf.attributes.split()]) for shelf in ICECAT_SHELVES
]


def shelf_of(title: str, attributes: Collection[str]) -> list[str]:
    """The category of a product with this title and attributes of these names, from the top."""
    position = _BY_WORDS.first(title)
    if position is not None:
        shelf = ICECAT_SHELVES[int(position)]
        return [shelf.department, shelf.name]
    names = set(attributes)
    for shelf, marks in _BY_ATTRIBUTES:
        if any(mark <= names for mark in marks):
            return [shelf.department, shelf.name]
    return OTHER
